/* Operations on tables of parameters, which drive setters, "name=value" strings, the catalog, the
 * model file and every message. */
#ifndef CLF_BASE_PARAMS_H
#define CLF_BASE_PARAMS_H

#include "base/param_rows.h"

struct clf__text;

/* Makes a struct of values: the defaults, changed by `text` ("name=value …", NULL for none). Values
 * with spaces are quoted by ' or "; within the value that quote is doubled. Free the struct by
 * clf__params_free, which allows NULL. */
clf_status clf__params_create(void **values, clf_context *context, const clf__param_table *table,
                              const char *text);
clf_status clf__params_copy(void **copy, clf_context *context, const clf__param_table *table,
                            const void *values);
void clf__params_free(const clf__param_table *table, void *values);
/* Returns a text parameter, which is borrowed; NULL if it is the null text, or there is none of
 * this name. */
const char *clf__params_text(const clf__param_table *table, const void *values, const char *name);
/* Sets a text parameter to the null text, which clf__params_format() leaves out. If the name is
 * NULL, it does nothing. */
void clf__params_clear_text(const clf__param_table *table, void *values, const char *name);

/* Sets several parameters, each at most once. After an error none is changed. */
clf_status clf__params_parse(clf_context *context, const clf__param_table *table, void *values,
                             const char *text);
clf_status clf__params_set_text(clf_context *context, const clf__param_table *table, void *values,
                                const char *name, const char *value);
clf_status clf__params_set_f64(clf_context *context, const clf__param_table *table, void *values,
                               const char *name, double value);
clf_status clf__params_set_i64(clf_context *context, const clf__param_table *table, void *values,
                               const char *name, int64_t value);
clf_status clf__params_get_f64(const clf__param_table *table, const void *values, const char *name,
                               double *out);
clf_status clf__params_get_i64(const clf__param_table *table, const void *values, const char *name,
                               int64_t *out);
clf_status clf__params_type(const clf__param_table *table, const char *name, int32_t *type);
/* Writes one value as text to `out`, whose `failed` flag is set if memory runs out. */
clf_status clf__params_get_text(const clf__param_table *table, const void *values, const char *name,
                                struct clf__text *out);
void clf__param_append(struct clf__text *out, const clf__param *param, const void *values);
/* Write all values as "name=value …", which clf__params_parse() reads back, and one text as such a
 * value. */
void clf__params_format(const clf__param_table *table, const void *values, struct clf__text *out);
void clf__params_quote(struct clf__text *out, const char *value);
/* The same to a caller's buffer, as clf_model_params() has it. Allocates no memory. */
clf_status clf__params_copy_text(const clf__param_table *table, const void *values, char *buffer,
                                 size_t capacity, size_t *needed);

clf_status clf__params_describe(const clf__param_table *table, int64_t index, clf_param_info *out);

/* Splits "name=value …" at blanks outside quotes. Each call returns the next pair, which the caller
 * frees, and advances *text. *name is NULL at the end. */
clf_status clf__params_next(clf_context *context, const char **text, char **name, char **value);

#endif
