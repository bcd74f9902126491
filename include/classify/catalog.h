/** @file classify/catalog.h
 *  What the library offers, as data: areas of kinds of objects, their parameters, constants. It
 *  serves bindings, command lines and generated documentation, which need nothing but these
 *  functions.
 *
 *  **Use.** Print what there is to set:
 *
 *  @code
 *  for (int64_t i = 0; i < clf_kind_count("model"); i++) {
 *    const char *kind = clf_kind_name("model", i);
 *    printf("%s: %s\n", kind, clf_kind_help("model", kind));
 *    for (int64_t p = 0; p < clf_param_count("model", kind); p++) {
 *      clf_param_info info = {.struct_size = sizeof info};
 *      if (clf_param_describe("model", kind, p, &info) >= 0) {
 *        printf("  %s=%s: %s\n", info.name, info.default_value, info.help);
 *      }
 *    }
 *  }
 *  @endcode
 *
 *  Thread class of the file: any thread. Strings returned are constants of the library.
 */
#ifndef CLASSIFY_CATALOG_H
#define CLASSIFY_CATALOG_H

#include <classify/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Types of parameters. The values never change. */
enum {
  CLF_PARAM_I64 = 1,    /**< an integer */
  CLF_PARAM_F64 = 2,    /**< a number */
  CLF_PARAM_BOOL = 3,   /**< true/false, also yes/no, on/off, 1/0 */
  CLF_PARAM_CHOICE = 4, /**< one of `words` */
  CLF_PARAM_TEXT = 5,   /**< any text; in a parameter string, quote it when it holds spaces */
  CLF_PARAM_NUMBER = 6, /**< a number or one of `words` */
  CLF_PARAM_LIST = 7,   /**< numbers separated by commas, or one of `words` */
  CLF_PARAM_COUNT = 8   /**< an integer or one of `words` */
};

/** One parameter of a kind of object. */
typedef struct clf_param_info {
  uint32_t struct_size;      /**< sizeof(clf_param_info), set by the caller */
  int32_t type;              /**< CLF_PARAM_… */
  const char *name;          /**< as in "name=value" */
  const char *default_value; /**< as it would be written in a parameter string */
  double minimum;            /**< smallest value; -infinity for none */
  double maximum;            /**< largest value; +infinity for none */
  int32_t exclusive;         /**< 1 when `minimum` itself is not allowed */
  const char *words;         /**< allowed words separated by '|'; "" for none */
  const char *help;          /**< one line */
} clf_param_info;

/** A public constant. */
typedef struct clf_constant_info {
  uint32_t struct_size; /**< sizeof(clf_constant_info), set by the caller */
  const char *name;     /**< such as "CLF_F32" */
  const char *group; /**< constants of one group are values of one thing: "status", "dtype" … */
  int64_t value;     /**< which never changes */
} clf_constant_info;

/* Areas */

/** Returns the number of areas. An area is a place where the library takes the name of a kind, such
 *  as that of clf_model_create(), or parameters alone, such as that of clf_context_create(), whose
 *  only kind has the area's name. @since 0.1 */
CLF_API int64_t clf_area_count(void);

/** Returns the name of area `index`, such as "model"; NULL beyond the end. @since 0.1 */
CLF_API const char *clf_area_name(int64_t index);

/* Kinds */

/** Returns the number of kinds in an area.
 *  @param area  "context", "model", "transform", "layer", "optimizer", "augment", "vocabulary",
 *               "image", "detector", "search", "decision", "measure", "network", or of files
 *               "dataset_reader", "dataset_writer", "model_reader", "model_writer",
 *               "document_reader", "image_reader", "image_writer"
 *  @return the number; 0 for an unknown area or NULL @since 0.1 */
CLF_API int64_t clf_kind_count(const char *area);

/** Returns the name of kind `index` of an area, such as "ridge"; NULL beyond the end. @since 0.1 */
CLF_API const char *clf_kind_name(const char *area, int64_t index);

/** Returns a line of text that explains a kind; NULL for an unknown one. @since 0.1 */
CLF_API const char *clf_kind_help(const char *area, const char *kind);

/* Parameters */

/** Returns the number of parameters of a kind; 0 for an unknown one. @since 0.1 */
CLF_API int64_t clf_param_count(const char *area, const char *kind);

/** Describes parameter `index` of a kind.
 *  @param out  receives the description, except its struct_size, which the caller must set
 *  @return CLF_OK, CLF_ERROR_ARGUMENT (unknown area, kind or index; the message suggests a name or
 *          lists what there is; also a struct_size that was not set)
 *  @since 0.1 */
CLF_API clf_status clf_param_describe(const char *area, const char *kind, int64_t index,
                                      clf_param_info *out);

/* Constants */

/** Returns the number of public constants: statuses, element types and others. @since 0.1 */
CLF_API int64_t clf_constant_count(void);

/** Describes constant `index`, so that a binding can define them all.
 *  @param out  receives the description, but for its struct_size, which the caller has set
 *  @return CLF_OK, CLF_ERROR_ARGUMENT @since 0.1 */
CLF_API clf_status clf_constant_describe(int64_t index, clf_constant_info *out);

/** Looks up the value of a public constant by its name, such as "CLF_F32", for programs that cannot
 *  read C headers.
 *  @return CLF_OK, CLF_ERROR_ARGUMENT @since 0.1 */
CLF_API clf_status clf_constant(const char *name, int64_t *value);

#ifdef __cplusplus
}
#endif

#endif
