/* The version of the library, from the macros of its own header. */
#include <classify/version.h>

#define AS_TEXT(number) #number
#define VERSION_TEXT(major, minor, patch) AS_TEXT(major) "." AS_TEXT(minor) "." AS_TEXT(patch)

const char *clf_version(void) {
  return VERSION_TEXT(CLF_VERSION_MAJOR, CLF_VERSION_MINOR, CLF_VERSION_PATCH);
}

int32_t clf_version_number(void) {
  return CLF_VERSION_NUMBER;
}
