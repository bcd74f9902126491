/* Small pictures inside an HTML page: PNG in a data: address. */
#ifndef REPORT_PICTURES_H
#define REPORT_PICTURES_H

#include <stdint.h>
#include <stdio.h>

/* Gray values 0…1 as the strength of the page's ink: transparent to black. Writes an <img>; as all
 * functions here, nothing where memory runs out. */
void picture_ink(FILE *out, const float *values, int64_t height, int64_t width, const char *text);

/* The same values as gray levels, opaque. */
void picture_values(FILE *out, const float *values, int64_t height, int64_t width,
                    const char *text);

/* Gray levels of a photograph, opaque. Writes an <img>, or where the text is NULL the picture's
 * address alone, for an attribute. */
void picture_gray(FILE *out, const uint8_t *pixels, int64_t height, int64_t width,
                  const char *text);

/* Values -limit…limit: orange below zero, blue above, transparent at zero. Writes an <img>. */
void picture_signed(FILE *out, const float *values, int64_t height, int64_t width, float limit,
                    const char *text);

#endif
