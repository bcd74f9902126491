/* Images of a folder, or a single one, as rows of bytes [height, width, channels].
 * Files are decoded in parallel, each into its row. */
#include <float.h>
#include <string.h>

#include "base/jobs.h"
#include "base/math.h"
#include "base/progress.h"
#include "data/dataset.h"
#include "data/formats/folder_files.h"
#include "image/image.h"

/* Indices of the parameters' words. */
enum { LABELS_AUTO, LABELS_FOLDER, LABELS_NAME, LABELS_NONE };
enum { CHANNELS_AUTO, CHANNELS_1, CHANNELS_3 };
enum { NORMALIZE_NONE, NORMALIZE_EQUALIZE, NORMALIZE_TAN_TRIGGS };
enum { FILES_A_JOB = 8 };

typedef struct files_params {
  int32_t labels;
  char *label_until, *folders;
  int64_t height, width;
  int32_t channels, normalize;
  bool skip_others, skip_damaged;
  char *spill;
  clf__number scale;
  clf__image_params image;
} files_params;

#define CLF__VALUES files_params
static const clf__param params[] = {
    CLF__CHOICE(labels, "auto|folder|name|none", "auto",
                "a file's label: its folder, or its name up to label_until; auto: folders if any"),
    CLF__TEXT(label_until, ".", "labels=name: the label ends before this text in the file's name"),
    CLF__TEXT(folders, NULL, "the folders to read, separated by commas; otherwise all"),
    CLF__INT(height, "0", 0, 1 << 28, "height to resize to; 0: all images must have one size"),
    CLF__INT(width, "0", 0, 1 << 28, "width to resize to; 0: all images must have one size"),
    CLF__CHOICE(channels, "auto|1|3", "auto",
                "1: convert to gray; 3: repeat gray in three channels; auto: images must agree"),
    CLF__CHOICE(normalize, "none|equalize|tan_triggs", "none",
                "normalization of the illumination, after resizing"),
    CLF__BOOL(skip_others, "false", "omit files of no known format; damaged ones stay errors"),
    CLF__BOOL(skip_damaged, "false", "omit damaged images; the log has the first and their number"),
    CLF__DATASET_SPILL,
    CLF__REAL_OR(scale, "auto", "auto", CLF__ABOVE(0), DBL_MAX, "factor of the bytes; auto: 1/255"),
    CLF__INT(image.max_pixels, "150000000", 1, 0x1p40, "maximum number of pixels of an image"),
    CLF__INT(image.background, "255", 0, 255, "gray level behind transparent pixels"),
};

typedef struct files_reader {
  clf_context *context;
  clf__arena arena;
  const char *path;
  const files_params *params;
  clf__folder_files files;
  bool *chosen;   /* [files.count] which are rows, for skip_others, skip_damaged */
  char **damages; /* [files.count] messages for skip_damaged, NULL for good files */
  int64_t listed; /* files before any was left out */
  int64_t first;  /* index of the first file that is a row */
  int64_t height, width, channels; /* of a row */
  clf_tensor *x;
} files_reader;

/* Replaces the image by the one that was made from it. */
static void replace(clf_image **image, clf_image **made) {
  clf_image_free(*image);
  *image = *made;
  *made = NULL;
}

/* Names the parameter that leaves out such a file. */
static clf_status advise(clf_status status, bool known) {
  return status != CLF_ERROR_FORMAT
             ? status
             : clf__fail(status, "%s; %s=true leaves such files out", clf_last_error(),
                         known ? "skip_damaged" : "skip_others");
}

/* Processes an image as the parameters ask, except for conversion to three channels. */
static clf_status process(const files_params *chosen, clf_image **image) {
  clf_image *made = NULL;
  if (chosen->channels == CHANNELS_1 && (*image)->channels != 1) {
    CLF__CHECK(clf_image_to_gray(&made, *image));
    replace(image, &made);
  }
  if (chosen->height > 0 &&
      ((*image)->height != chosen->height || (*image)->width != chosen->width)) {
    CLF__CHECK(clf_image_resize(&made, *image, chosen->height, chosen->width));
    replace(image, &made);
  }
  if (chosen->normalize != NORMALIZE_NONE) {
    CLF__CHECK(chosen->normalize == NORMALIZE_EQUALIZE ? clf_image_equalize(&made, *image)
                                                       : clf_image_tan_triggs(&made, *image, NULL));
    replace(image, &made);
  }
  return CLF_OK;
}

/* Reads a file and processes it. With skip_damaged, *damaged receives whether the file is left out,
 * and the message is set. */
static clf_status read_file(const files_reader *self, const char *path, clf_image **out,
                            bool *damaged) {
  const files_params *chosen = self->params;
  clf_image *image = NULL;
  bool known = false;
  clf_status status = clf__image_read(&image, self->context, path, &chosen->image, &known);
  *damaged = status == CLF_ERROR_FORMAT && known && chosen->skip_damaged;
  CLF__TRY(*damaged ? CLF_OK : advise(status, known));
  if (*damaged) {
    goto done;
  }
  CLF__TRY(process(chosen, &image));
  *out = image;
  image = NULL;
done:
  clf_image_free(image);
  return status;
}

/* Copies the image to a row; gray becomes three equal channels if the rows have three. */
static clf_status write_row(const files_reader *self, int64_t index, const char *path,
                            const clf_image *image) {
  const int64_t pixels = self->height * self->width;
  const bool widened = image->channels == 1 && self->params->channels == CHANNELS_3;
  uint8_t *row = (uint8_t *)self->x->data + index * pixels * self->channels;
  if (image->height != self->height || image->width != self->width ||
      (image->channels != self->channels && !widened)) {
    return clf__fail(CLF_ERROR_SHAPE,
                     "%s: it is %lldx%lld with %lld channels, '%s' is %lldx%lld with %lld: set "
                     "height, width and channels",
                     path, (long long)image->width, (long long)image->height,
                     (long long)image->channels, self->files.names[self->first],
                     (long long)self->width, (long long)self->height, (long long)self->channels);
  }
  for (int64_t i = 0; widened && i < pixels; i++) {
    memset(row + 3 * i, image->pixels[i], 3);
  }
  if (!widened) {
    memcpy(row, image->pixels, (size_t)(pixels * self->channels));
  }
  return CLF_OK;
}

/* Reads a file into a row, or marks it as damaged. */
static clf_status read_row(const files_reader *self, int64_t index, const char *path) {
  clf_image *image = NULL;
  bool damaged = false;
  clf_status status = read_file(self, path, &image, &damaged);
  if (status == CLF_OK && damaged) {
    self->chosen[index] = false;
    self->damages[index] = clf__copy_text(self->context, clf_last_error());
    status = self->damages[index] != NULL ? CLF_OK : CLF_ERROR_MEMORY;
  } else if (status == CLF_OK) {
    status = write_row(self, index, path, image);
  }
  clf_image_free(image);
  return status;
}

static clf_status probe_file(const files_reader *self, int64_t index, const char *path) {
  return clf__image_probe(&self->chosen[index], path);
}

/* Does the work for each file of a job. */
static clf_status run_job(const files_reader *self, clf__range files,
                          clf_status (*work)(const files_reader *self, int64_t index,
                                             const char *path)) {
  clf__text path = {.context = self->context};
  clf_status status = CLF_OK;
  for (int64_t i = files.first; status == CLF_OK && i < files.end; i++) {
    status = clf__folder_files_path(&path, &self->files, i);
    status = status == CLF_OK ? work(self, i, path.bytes) : status;
  }
  clf__text_free(&path);
  return status;
}

static clf_status read_rows(void *argument, clf__range files) {
  return run_job(argument, files, read_row);
}

static clf_status probe_files(void *argument, clf__range files) {
  return run_job(argument, files, probe_file);
}

static clf_status run_jobs(files_reader *self, const char *stage, clf__job job) {
  const clf__progress progress = clf__progress_begin(self->context, stage, self->files.count);
  return clf__jobs_run(&progress, NULL, self->files.count, FILES_A_JOB, CLF__WORK_LONG, job, self);
}

/* Keeps the chosen files, and their rows if they have been read. */
static void keep_chosen(files_reader *self) {
  clf__folder_files *files = &self->files;
  const size_t row = (size_t)(self->height * self->width * self->channels);
  int64_t count = 0;
  for (int64_t i = 0; i < files->count; i++) {
    if (!self->chosen[i]) {
      continue;
    }
    files->names[count] = files->names[i];
    if (files->labels != NULL) {
      files->labels[count] = files->labels[i];
    }
    if (self->x != NULL && count < i) {
      uint8_t *rows = self->x->data;
      memcpy(rows + (size_t)count * row, rows + (size_t)i * row, row);
    }
    count++;
  }
  files->count = count;
}

/* Leaves out files that are not images, and logs it once. */
static clf_status choose_files(files_reader *self) {
  const int64_t count = self->files.count;
  CLF__CHECK(run_jobs(self, "files", probe_files));
  int64_t other = 0;
  while (other < count && self->chosen[other]) {
    other++;
  }
  const char *first = other < count ? self->files.names[other] : NULL;
  keep_chosen(self);
  if (self->files.count == 0) {
    return clf__fail(CLF_ERROR_DATA, "'%s' has no images among its files", self->path);
  }
  if (first != NULL) {
    clf__log(self->context, CLF_LOG_INFO,
             "'%s': %lld of %lld files are no images and left out, as skip_others=true asks; the "
             "first is '%s'",
             self->path, (long long)(count - self->files.count), (long long)count, first);
  }
  return CLF_OK;
}

/* Allocates memory for what may be left out, and determines which files are tried. */
static clf_status begin_choice(files_reader *self) {
  self->listed = self->files.count;
  self->chosen = clf__arena_zeroed(&self->arena, self->listed, sizeof *self->chosen);
  self->damages = clf__arena_zeroed(&self->arena, self->listed, sizeof *self->damages);
  CLF__CHECK(clf__arena_status(&self->arena));
  if (self->params->skip_others) {
    CLF__CHECK(choose_files(self));
  }
  memset(self->chosen, true, (size_t)self->files.count * sizeof *self->chosen);
  return CLF_OK;
}

static void free_choice(files_reader *self) {
  for (int64_t i = 0; self->damages != NULL && i < self->listed; i++) {
    clf__free(self->damages[i]);
  }
  clf__arena_free(&self->arena);
}

/* Leaves out damaged images, and logs it once. */
static clf_status leave_out_damaged(files_reader *self) {
  const int64_t count = self->files.count;
  const char *first = NULL;
  clf_tensor *rows = NULL;
  for (int64_t i = count - 1; i >= 0; i--) {
    first = self->damages[i] != NULL ? self->damages[i] : first;
  }
  if (first == NULL) {
    return CLF_OK;
  }
  keep_chosen(self);
  CLF__CHECK(clf_tensor_slice(&rows, self->x, 0, 0, self->files.count, 1));
  clf_tensor_free(self->x);
  self->x = rows;
  clf__log(self->context, CLF_LOG_WARNING,
           "'%s': %lld of %lld images are damaged and left out, as skip_damaged=true asks; the "
           "first is %s",
           self->path, (long long)(count - self->files.count), (long long)count, first);
  return CLF_OK;
}

/* Makes rows of the shape that the image has. */
static clf_status allocate_rows(files_reader *self, int64_t count, const clf_image *image) {
  const clf__number scale = self->params->scale;
  self->height = image->height;
  self->width = image->width;
  self->channels = self->params->channels == CHANNELS_3 ? 3 : image->channels;
  const int64_t shape[] = {count, self->height, self->width, self->channels};
  CLF__CHECK(clf__tensor_create_uninitialized(&self->x, self->context, CLF_U8, 4, shape));
  return clf_tensor_set_scale(self->x, scale.word < 0 ? scale.value : 1.0 / 255);
}

/* The first image determines the shape of all rows. */
static clf_status make_rows(files_reader *self) {
  clf__text path = {.context = self->context};
  clf_image *image = NULL;
  bool damaged = false;
  clf_status status = CLF_OK;
  for (self->first = 0; self->first < self->files.count; self->first++) {
    CLF__TRY(clf__folder_files_path(&path, &self->files, self->first));
    CLF__TRY(read_file(self, path.bytes, &image, &damaged));
    if (!damaged) {
      break;
    }
  }
  if (damaged) {
    status = clf__fail(CLF_ERROR_DATA, "'%s': all %lld images are damaged; the last is %s",
                       self->path, (long long)self->files.count, clf_last_error());
    goto done;
  }
  CLF__TRY(allocate_rows(self, self->files.count, image));
done:
  clf_image_free(image);
  clf__text_free(&path);
  return status;
}

static clf_status set_labels(files_reader *self, clf_dataset *dataset) {
  clf__folder_files *files = &self->files;
  if (self->params->labels == LABELS_NAME) {
    CLF__CHECK(clf__folder_files_label(files, self->params->label_until));
  } else if (self->params->labels == LABELS_FOLDER && files->labels == NULL) {
    return clf__fail(CLF_ERROR_DATA, "'%s' has no folders to name labels", self->path);
  }
  if (self->params->labels != LABELS_NONE && files->labels != NULL) {
    CLF__CHECK(clf_dataset_set_label_names(dataset, files->labels, files->count));
  }
  return CLF_OK;
}

static clf_status check_size(const files_params *chosen) {
  return (chosen->height > 0) == (chosen->width > 0)
             ? CLF_OK
             : clf__fail(CLF_ERROR_ARGUMENT, "images: set both of height and width, or none");
}

/* Finds the files: those of a folder, or one. */
static clf_status list_files(files_reader *self) {
  const char *folders = self->params->folders;
  if (!clf__file_exists(self->path)) {
    return clf__folder_files_list(&self->files, self->context, self->path, folders, "images");
  }
  return folders == NULL ? clf__folder_files_one(&self->files, self->context, self->path)
                         : clf__fail(CLF_ERROR_ARGUMENT,
                                     "'%s' is a file; folders=%s is for a folder of folders",
                                     self->path, folders);
}

static clf_status load(clf_dataset **out, clf_context *context, const char *path,
                       const void *values) {
  files_reader self = {
      .context = context, .arena = {.context = context}, .path = path, .params = values};
  clf_dataset *made = NULL;
  clf_status status = CLF_OK;
  self.files.context = context;
  CLF__TRY(check_size(self.params));
  CLF__TRY(list_files(&self));
  CLF__TRY(begin_choice(&self));
  CLF__TRY(make_rows(&self));
  CLF__TRY(run_jobs(&self, "images", read_rows));
  CLF__TRY(leave_out_damaged(&self));
  CLF__TRY(clf_dataset_create(&made, context, self.x, NULL));
  CLF__TRY(set_labels(&self, made));
  *out = made;
  made = NULL;
done:
  clf_dataset_free(made);
  clf_tensor_free(self.x);
  free_choice(&self);
  clf__folder_files_free(&self.files);
  return status;
}

/* One image in memory. */
static clf_status parse(clf_dataset **out, clf_context *context, clf__bytes *bytes,
                        const char *name, const void *values) {
  files_reader self = {.context = context, .path = name, .params = values};
  const clf__image_source source = {bytes->data, bytes->size, name, &self.params->image};
  const bool labeled = self.params->labels == LABELS_FOLDER || self.params->labels == LABELS_NAME;
  clf_image *image = NULL;
  clf_status status = CLF_OK;
  CLF__TRY(check_size(self.params));
  CLF__TRY(labeled || self.params->folders != NULL
               ? clf__fail(CLF_ERROR_ARGUMENT,
                           "%s: labels and folders are for files; leave them out, and set labels "
                           "afterwards",
                           name)
               : CLF_OK);
  CLF__TRY(clf__image_decode(&image, context, &source));
  CLF__TRY(process(self.params, &image));
  CLF__TRY(allocate_rows(&self, 1, image));
  CLF__TRY(write_row(&self, 0, name, image));
  CLF__TRY(clf_dataset_create(out, context, self.x, NULL));
done:
  clf_tensor_free(self.x);
  clf_image_free(image);
  return status;
}

const clf__dataset_reader clf__dataset_reader_images = {
    .base = CLF__KIND(
        "images",
        "image files in a folder for each label, as LABEL/FILE, in one folder, or one file", params,
        files_params),
    .load = load,
    .parse = parse,
};
