/** @file classify/version.h
 *  The version of the headers and that of the loaded library.
 *
 *  A program compiles against the headers and may later load another library. The macros are the
 *  version of the headers; CLF_VERSION_NUMBER is major * 10000 + minor * 100 + patch. The functions
 *  report the version of the library that runs:
 *
 *  @code
 *  if (clf_version_number() < CLF_VERSION_NUMBER) {
 *    fprintf(stderr, "libclassify %s is older than the headers\n", clf_version());
 *  }
 *  @endcode
 *
 *  Versions follow Semantic Versioning. While the major version is 0, a minor version may change
 *  the interface; a patch version does not.
 */
#ifndef CLASSIFY_VERSION_H
#define CLASSIFY_VERSION_H

#include <stdint.h>

/* Exports functions. On Windows, a program that links the static library defines CLASSIFY_STATIC;
 * the library itself is compiled with CLASSIFY_BUILDING. */
#if defined(_WIN32) || defined(__CYGWIN__)
#if defined(CLASSIFY_STATIC)
#define CLF_API
#elif defined(CLASSIFY_BUILDING)
#define CLF_API __declspec(dllexport)
#else
#define CLF_API __declspec(dllimport)
#endif
#elif defined(__GNUC__)
#define CLF_API __attribute__((visibility("default")))
#else
#define CLF_API /**< exports or imports a function */
#endif

#define CLF_VERSION_MAJOR 0 /**< of the headers */
#define CLF_VERSION_MINOR 1 /**< of the headers */
#define CLF_VERSION_PATCH 0 /**< of the headers */
/** The version of the headers as one number. */
#define CLF_VERSION_NUMBER (CLF_VERSION_MAJOR * 10000 + CLF_VERSION_MINOR * 100 + CLF_VERSION_PATCH)

#ifdef __cplusplus
extern "C" {
#endif

/** Returns the version of the loaded library as text, such as "0.1.0". The string is a constant of
 *  the library. Thread class: any thread. @since 0.1 */
CLF_API const char *clf_version(void);

/** Returns the version of the loaded library as a number, as CLF_VERSION_NUMBER is that of the
 *  headers: 100 for 0.1.0. Thread class: any thread. @since 0.1 */
CLF_API int32_t clf_version_number(void);

#ifdef __cplusplus
}
#endif

#endif
