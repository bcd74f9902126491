/* Documents as handles: valid UTF-8 in a few large blocks. */
#include "text/documents.h"

#include <string.h>

#include "base/border.h"
#include "base/utf8_text.h"
#include "data/build.h"

clf_status clf__documents_blank(clf_documents **out, clf_context *context, int64_t count,
                                int64_t parts) {
  if (count < 1 || count > INT32_MAX) {
    return clf__fail(CLF_ERROR_SHAPE, "%lld documents; there must be 1 to %d", (long long)count,
                     INT32_MAX);
  }
  clf_documents *made = clf__handle_create(context, sizeof *made);
  if (made == NULL) {
    return CLF_ERROR_MEMORY;
  }
  clf_status status = CLF_OK;
  made->arena.context = made->context;
  made->name_text.context = made->context;
  made->count = count;
  made->sizes = clf__arena_zeroed(&made->arena, count, sizeof *made->sizes);
  made->texts = clf__arena_zeroed(&made->arena, count, sizeof *made->texts);
  made->parts = clf__arena_zeroed(&made->arena, parts, sizeof *made->parts);
  CLF__TRY(clf__arena_status(&made->arena));
  CLF__TRY(clf__dataset_blank(&made->label_set, made->context));
  made->label_set->rows = count;
  made->part_count = parts;
  for (int64_t i = 0; i < parts; i++) {
    int64_t first = count * i / parts;
    made->parts[i] = (clf__document_part){.first = first,
                                          .count = count * (i + 1) / parts - first,
                                          .text = {.context = made->context}};
  }
  *out = made;
  made = NULL;
done:
  clf_documents_free(made);
  return status;
}

void clf__documents_write(clf_documents *documents, clf__document_part *part, int64_t index,
                          const char *text, size_t size) {
  size_t before = part->text.length;
  part->replaced += clf__utf8_append(&part->text, (const unsigned char *)text, size);
  documents->sizes[index] = part->text.length - before;
  clf__text_append_bytes(&part->text, "", 1);
}

clf_status clf__check_text_size(size_t size) {
  return size <= PTRDIFF_MAX
             ? CLF_OK
             : clf__fail(CLF_ERROR_ARGUMENT,
                         "a text's size is %zu; it must be its bytes, which strlen() counts", size);
}

clf_status clf__documents_finish(clf_documents *documents) {
  for (int64_t p = 0; p < documents->part_count; p++) {
    const clf__document_part *part = &documents->parts[p];
    if (part->text.failed) {
      clf__memory_refused(documents->context);
      return clf__fail_within(CLF_ERROR_MEMORY, "the texts of %lld documents",
                              (long long)documents->count);
    }
    const char *at = part->text.bytes;
    for (int64_t i = part->first; i < part->first + part->count; i++) {
      documents->texts[i] = at;
      at += documents->sizes[i] + 1;
    }
    documents->replaced += part->replaced;
  }
  return CLF_OK;
}

clf_status clf_documents_create(clf_documents **out, clf_context *context, const char *const *texts,
                                const size_t *sizes, int64_t count) {
  CLF__REQUIRE(out);
  CLF__REQUIRE(texts);
  CLF__ENTER("documents");
  clf_documents *made = NULL;
  clf_status status = CLF_OK;
  CLF__TRY(clf__documents_blank(&made, context, count, 1));
  for (int64_t i = 0; i < count; i++) {
    CLF__TRY(texts[i] != NULL
                 ? CLF_OK
                 : clf__fail(CLF_ERROR_ARGUMENT, "document %lld: the text must not be NULL",
                             (long long)i));
    const size_t size = sizes != NULL ? sizes[i] : strlen(texts[i]);
    CLF__TRY(clf__check_text_size(size));
    clf__documents_write(made, &made->parts[0], i, texts[i], size);
  }
  CLF__TRY(clf__documents_finish(made));
  *out = made;
  made = NULL;
done:
  clf_documents_free(made);
  return status;
}

void clf_documents_free(clf_documents *documents) {
  if (documents == NULL) {
    return;
  }
  for (int64_t i = 0; i < documents->part_count; i++) {
    clf__text_free(&documents->parts[i].text);
  }
  clf__text_free(&documents->name_text);
  clf__free(documents->names);
  clf__arena_free(&documents->arena);
  clf_dataset_free(documents->label_set);
  clf__free(documents->guesses);
  clf__handle_free(documents);
}

int64_t clf_documents_count(const clf_documents *documents) {
  return documents != NULL ? documents->count : -1;
}

const char *clf_documents_text(const clf_documents *documents, int64_t index, size_t *size) {
  if (documents == NULL || index < 0 || index >= documents->count) {
    return NULL;
  }
  if (size != NULL) {
    *size = documents->sizes[index];
  }
  return documents->texts[index];
}

const char *clf_documents_name(const clf_documents *documents, int64_t index) {
  return documents != NULL && documents->names != NULL && index >= 0 && index < documents->count
             ? documents->names[index]
             : NULL;
}

const char *clf_documents_guesses(const clf_documents *documents) {
  return documents == NULL ? NULL : documents->guesses == NULL ? "" : documents->guesses;
}

int64_t clf_documents_replaced(const clf_documents *documents) {
  return documents != NULL ? documents->replaced : -1;
}
