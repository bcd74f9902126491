/* GIF through giflib: the first picture, interlaced or not, where it lies on the canvas; what it
 * leaves of the canvas and its transparent pixels are the background. A palette that is all grey
 * makes a grey image. Records are read one at a time and no further than the picture's end, so
 * neither later pictures nor comments take memory. */
#include <gif_lib.h>
#include <math.h>
#include <string.h>

#include "data/image.h"

typedef struct gif_work {
  clf_context *context;
  const clf__image_source *source;
  size_t at;
  bool ended; /* more was asked for than there is */
  GifFileType *gif;
  int transparent; /* colour, or -1 */
  clf_image *image;
  GifPixelType *line;
} gif_work;

static int read_bytes(GifFileType *gif, GifByteType *to, int count) {
  gif_work *self = gif->UserData;
  const size_t left = self->source->size - self->at;
  const size_t taken = (size_t)count < left ? (size_t)count : left;
  memcpy(to, self->source->bytes + self->at, taken);
  self->at += taken;
  self->ended = taken < (size_t)count;
  return (int)taken;
}

/* giflib calls malloc(); where a palette's is refused, it says that there is no screen descriptor.
 */
static clf_status told(const gif_work *self, int code) {
  const char *reason = GifErrorString(code);
  if (self->ended) {
    return clf__fail(CLF_ERROR_FORMAT, "%s: gif: it ends early", self->source->name);
  }
  if (code == D_GIF_ERR_NOT_ENOUGH_MEM || code == D_GIF_ERR_NO_SCRN_DSCR) {
    return clf__fail(CLF_ERROR_MEMORY, "%s: gif: out of memory", self->source->name);
  }
  return clf__fail(CLF_ERROR_FORMAT, "%s: gif: %s before byte %zu", self->source->name,
                   reason != NULL ? reason : "it is damaged", self->at);
}

static bool probe(const unsigned char *bytes, size_t size) {
  return size >= 6 && (memcmp(bytes, "GIF87a", 6) == 0 || memcmp(bytes, "GIF89a", 6) == 0);
}

/* An extension, of which only the transparent colour matters. */
static int read_extension(gif_work *self) {
  int code = 0;
  GifByteType *block = NULL;
  if (DGifGetExtension(self->gif, &code, &block) == GIF_ERROR) {
    return GIF_ERROR;
  }
  while (block != NULL) {
    GraphicsControlBlock control;
    if (code == GRAPHICS_EXT_FUNC_CODE &&
        DGifExtensionToGCB(block[0], block + 1, &control) == GIF_OK) {
      self->transparent = control.TransparentColor;
    }
    if (DGifGetExtensionNext(self->gif, &block) == GIF_ERROR) {
      return GIF_ERROR;
    }
  }
  return GIF_OK;
}

/* Reads up to the first picture's pixels. */
static clf_status find_picture(gif_work *self) {
  for (;;) {
    GifRecordType type = UNDEFINED_RECORD_TYPE;
    if (DGifGetRecordType(self->gif, &type) == GIF_ERROR) {
      return told(self, self->gif->Error);
    }
    if (type == TERMINATE_RECORD_TYPE) {
      return clf__fail(CLF_ERROR_FORMAT, "%s: gif: it has no picture", self->source->name);
    }
    const int done = type == IMAGE_DESC_RECORD_TYPE  ? DGifGetImageDesc(self->gif)
                     : type == EXTENSION_RECORD_TYPE ? read_extension(self)
                                                     : GIF_OK;
    if (done == GIF_ERROR) {
      return told(self, self->gif->Error);
    }
    if (type == IMAGE_DESC_RECORD_TYPE) {
      return CLF_OK;
    }
  }
}

static const ColorMapObject *colors_of(const gif_work *self) {
  return self->gif->Image.ColorMap != NULL ? self->gif->Image.ColorMap : self->gif->SColorMap;
}

static bool is_grey(const ColorMapObject *colors) {
  for (int i = 0; i < colors->ColorCount; i++) {
    const GifColorType *color = &colors->Colors[i];
    if (color->Red != color->Green || color->Red != color->Blue) {
      return false;
    }
  }
  return true;
}

/* The canvas; one without a size is as large as the picture. */
static clf_status make_room(gif_work *self) {
  const GifImageDesc *picture = &self->gif->Image;
  const bool sized = self->gif->SWidth > 0 && self->gif->SHeight > 0;
  const int64_t height = sized ? self->gif->SHeight : (int64_t)picture->Top + picture->Height;
  const int64_t width = sized ? self->gif->SWidth : (int64_t)picture->Left + picture->Width;
  clf_status status = clf__image_room(self->source, picture->Height, picture->Width);
  if (status < 0) {
    return status;
  }
  if (colors_of(self) == NULL) {
    return clf__fail(CLF_ERROR_FORMAT, "%s: gif: it has no palette", self->source->name);
  }
  status = clf__image_begin(&self->image, self->context, self->source, height, width,
                            is_grey(colors_of(self)) ? 1 : 3);
  if (status < 0) {
    return status;
  }
  memset(self->image->pixels, (int)self->source->params->background,
         (size_t)(height * clf__image_row_bytes(self->image)));
  self->line = clf__alloc_array(self->context, picture->Width, sizeof *self->line);
  return self->line != NULL ? CLF_OK : clf__fail_within(CLF_ERROR_MEMORY, "%s", self->source->name);
}

/* Puts a line of the picture on the canvas; what lies beside it is left out. */
static clf_status put_line(const gif_work *self, int64_t i) {
  const ColorMapObject *colors = colors_of(self);
  const GifImageDesc *picture = &self->gif->Image;
  const clf_image *canvas = self->image;
  const int64_t row = picture->Top + i;
  for (int64_t j = 0; j < picture->Width; j++) {
    const int color = self->line[j];
    const int64_t column = picture->Left + j;
    if (color == self->transparent) {
      continue;
    }
    if (color >= colors->ColorCount) {
      return clf__fail(CLF_ERROR_FORMAT, "%s: gif: a pixel has colour %d; the palette has %d",
                       self->source->name, color, colors->ColorCount);
    }
    if (row < canvas->height && column < canvas->width) {
      memcpy(canvas->pixels + (row * canvas->width + column) * canvas->channels,
             &colors->Colors[color], (size_t)canvas->channels);
    }
  }
  return CLF_OK;
}

static clf_status read_lines(gif_work *self) {
  static const struct {
    int64_t first, step;
  } passes[] = {
      {0, 1}, {0, 8}, {4, 8}, {2, 4}, {1, 2}}; /* the first of plain pictures, or the rest */
  const GifImageDesc *picture = &self->gif->Image;
  const clf__progress progress = clf__progress_begin(self->context, "image", picture->Height);
  int64_t read = 0;
  for (int p = picture->Interlace ? 1 : 0; p < (picture->Interlace ? 5 : 1); p++) {
    for (int64_t i = passes[p].first; i < picture->Height; i += passes[p].step) {
      clf_status status = clf__progress_step(&progress, read++, NAN, NAN);
      if (status < 0) {
        return status;
      }
      if (DGifGetLine(self->gif, self->line, picture->Width) == GIF_ERROR) {
        return told(self, self->gif->Error);
      }
      status = put_line(self, i);
      if (status < 0) {
        return status;
      }
    }
  }
  return CLF_OK;
}

static clf_status decode(clf_image **out, clf_context *context, const clf__image_source *source) {
  gif_work self = {.context = context, .source = source, .transparent = -1};
  int error = 0;
  clf_status status;
  self.gif = DGifOpen(&self, read_bytes, &error);
  if (self.gif == NULL) {
    return told(&self, error);
  }
  CLF__TRY(find_picture(&self));
  CLF__TRY(make_room(&self));
  CLF__TRY(read_lines(&self));
  *out = self.image;
  self.image = NULL;
done:
  DGifCloseFile(self.gif, &error);
  clf_image_free(self.image);
  clf__free(self.line);
  return status;
}

const clf__image_codec clf__image_gif = {
    .name = "gif",
    .help = "GIF, of animations the first picture, by giflib",
    .probe = probe,
    .decode = decode,
};
