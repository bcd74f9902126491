/* Recognizes files by their signatures, for messages about files that lie among images or have the
 * ending of one. */
#include "image/image_other.h"

#include <stdbool.h>
#include <string.h>

#define BYTES(literal) sizeof(literal) - 1, literal

/* A signature at an offset, and another one if that is not specific enough. */
typedef struct signature {
  const char *what;
  size_t at, length;
  const char *bytes;
  size_t second_at, second_length;
  const char *second;
} signature;

static const signature signatures[] = {
    {"a PNG image, which this build has no libpng for", 0, BYTES("\x89PNG\r\n\x1A\n"), 0, 0, NULL},
    {"a JPEG image, which this build has no libjpeg for", 0, BYTES("\xFF\xD8\xFF"), 0, 0, NULL},
    {"a BMP image", 0, BYTES("BM"), 6, BYTES("\0\0\0\0")},
    {"a WebP image", 0, BYTES("RIFF"), 8, BYTES("WEBP")},
    {"a TIFF image", 0, BYTES("II*\0"), 0, 0, NULL},
    {"a TIFF image", 0, BYTES("MM\0*"), 0, 0, NULL},
    {"a BigTIFF image", 0, BYTES("II+\0"), 0, 0, NULL},
    {"a BigTIFF image", 0, BYTES("MM\0+"), 0, 0, NULL},
    {"an AVIF image", 4, BYTES("ftyp"), 8, BYTES("avi")},
    {"a HEIC image", 4, BYTES("ftyp"), 8, BYTES("hei")},
    {"a HEIC image", 4, BYTES("ftyp"), 8, BYTES("hev")},
    {"a HEIC image", 4, BYTES("ftyp"), 8, BYTES("mif1")},
    {"a HEIC image", 4, BYTES("ftyp"), 8, BYTES("msf1")},
    {"an MP4 or QuickTime film", 4, BYTES("ftyp"), 0, 0, NULL},
    {"a JPEG XL image", 0, BYTES("\xFF\x0A"), 0, 0, NULL},
    {"a JPEG XL image", 0, BYTES("\0\0\0\x0CJXL "), 0, 0, NULL},
    {"a JPEG 2000 image", 0, BYTES("\0\0\0\x0CjP  "), 0, 0, NULL},
    {"a JPEG 2000 image", 0, BYTES("\xFF\x4F\xFF\x51"), 0, 0, NULL},
    {"a PAM image", 0, BYTES("P7\n"), 0, 0, NULL},
    {"a PFM image", 0, BYTES("PF\n"), 0, 0, NULL},
    {"a PFM image", 0, BYTES("Pf\n"), 0, 0, NULL},
    {"an image of Photoshop", 0, BYTES("8BPS"), 0, 0, NULL},
    {"an image of GIMP", 0, BYTES("gimp xcf"), 0, 0, NULL},
    {"an OpenEXR image", 0, BYTES("v/1\1"), 0, 0, NULL},
    {"a Radiance HDR image", 0, BYTES("#?RADIANCE"), 0, 0, NULL},
    {"a QOI image", 0, BYTES("qoif"), 0, 0, NULL},
    {"a DDS image", 0, BYTES("DDS "), 0, 0, NULL},
    {"a DICOM image", 128, BYTES("DICM"), 0, 0, NULL},
    {"an icon of Windows", 0, BYTES("\0\0\1\0"), 0, 0, NULL},
    {"a PDF document", 0, BYTES("%PDF-"), 0, 0, NULL},
    {"a PostScript document", 0, BYTES("%!PS"), 0, 0, NULL},
    {"an OLE file, such as Thumbs.db of Windows", 0, BYTES("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"), 0,
     0, NULL},
    {"a .DS_Store of macOS", 0, BYTES("\0\0\0\1Bud1"), 0, 0, NULL},
    {"an AppleDouble file of macOS", 0, BYTES("\0\5\x16\7"), 0, 0, NULL},
    {"a pointer of Git LFS in place of a file", 0, BYTES("version https://git-lfs"), 0, 0, NULL},
    {"a ZIP archive", 0, BYTES("PK\3\4"), 0, 0, NULL},
    {"a gzip file", 0, BYTES("\x1F\x8B"), 0, 0, NULL},
    {"an NPY array", 0, BYTES("\x93NUMPY"), 0, 0, NULL},
    {"a model of this library", 0,
     BYTES("\x89"
           "CLF\r\n\x1A\n"),
     0, 0, NULL},
};

static bool has(const unsigned char *bytes, size_t size, size_t at, size_t length,
                const char *expected) {
  return at <= size && length <= size - at &&
         (length == 0 || memcmp(bytes + at, expected, length) == 0);
}

static bool is_text(const unsigned char *bytes, size_t size) {
  for (size_t i = 0; i < size; i++) {
    if (bytes[i] == 0x7F || (bytes[i] < ' ' && (bytes[i] < '\t' || bytes[i] > '\r'))) {
      return false;
    }
  }
  return true;
}

static bool is_zero(const unsigned char *bytes, size_t size) {
  return bytes[0] == 0 && memcmp(bytes, bytes + 1, size - 1) == 0;
}

/* Returns whether a text contains a word in small letters, ignoring case. */
static bool mentions(const unsigned char *text, size_t size, const char *word) {
  const size_t length = strlen(word);
  for (size_t i = 0; i + length <= size; i++) {
    size_t same = 0;
    while (same < length && (text[i + same] == word[same] ||
                             (text[i + same] >= 'A' && text[i + same] + 32 == word[same]))) {
      same++;
    }
    if (same == length) {
      return true;
    }
  }
  return false;
}

static const char *kind_of_text(const unsigned char *text, size_t size) {
  return mentions(text, size, "<svg")                                              ? "an SVG image"
         : mentions(text, size, "<html") || mentions(text, size, "<!doctype html") ? "an HTML page"
         : mentions(text, size, "<?xml")             ? "an XML document"
         : mentions(text, size, "[.shellclassinfo]") ? "a desktop.ini of Windows"
                                                     : "a text";
}

const char *clf__image_other(const unsigned char *bytes, size_t size) {
  if (size == 0) {
    return "empty";
  }
  for (size_t i = 0; i < sizeof signatures / sizeof signatures[0]; i++) {
    const signature *s = &signatures[i];
    if (has(bytes, size, s->at, s->length, s->bytes) &&
        has(bytes, size, s->second_at, s->second_length, s->second)) {
      return s->what;
    }
  }
  return is_zero(bytes, size)   ? "nothing but zeros at its beginning"
         : is_text(bytes, size) ? kind_of_text(bytes, size)
                                : "of no known kind";
}
