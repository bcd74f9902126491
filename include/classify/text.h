/** @file classify/text.h
 *  Text: documents, and a vocabulary that turns them into the rows of a dataset.
 *
 *  A word is a run of letters, marks and digits of any script (Unicode 14), with single apostrophes
 *  inside ("don't"; U+2019 is one too). Everything else, bytes that are no UTF-8 included, is
 *  between words. In detail:
 *
 *  - As in UAX #29, a joiner (U+200C, U+200D) belongs to the word between its letters, and
 *    behind a virama; characters that are not seen (soft hyphens, direction marks, variation
 *    selectors) divide no word and do not belong to it. Marks, joiners and such characters
 *    alone are no words.
 *  - Words that are canonically equal are one: é is the same as e with an accent, a Hangul
 *    syllable the same as its parts. What clf_vocabulary_word() gives is in NFC.
 *  - With `lowercase` words that differ only in case are one, by Unicode's full case folding,
 *    the same in all languages: ß is ss, both forms of a Greek sigma are one, the dot of a
 *    Turkish İ stays (i and U+0307), and ı is not i.
 *  - Of scripts that are written without blanks, each character with its marks is a word: Han,
 *    Hiragana, Thai, Lao, Khmer, Burmese and a few more. Words of these need a dictionary; with
 *    ngrams=1,2 or 1,2,3 neighbours take their place. Where blanks have been put between the
 *    words beforehand, unspaced=runs takes those. Katakana and Hangul are runs in any case.
 *  - With `strip_tags` HTML's tags are between words, and so are comments, the contents of
 *    script and style elements, and `<!DOCTYPE …>`. A tag is '<' or '</' and the name of an
 *    element of HTML, then nothing but attributes up to '>': with values, or such as HTML has
 *    without (checked, disabled), or with a hyphen. So `x<y and then z>w`, `<unk>` and `a < b`
 *    are text.
 *  - With `entities` references such as `&eacute;` (HTML 4's names, and `&apos;`), `&#233;` and
 *    `&#xE9;` are the characters that they name, in words too; they end with a semicolon.
 *  - With `emoji` an emoji is a word, with its color of skin, a flag's second letter and what
 *    is joined to it, without selectors.
 *  - Of a word of more than 255 bytes the first characters count.
 *
 *  A vocabulary has the rules of the version of the library that made it, and its file keeps them.
 *
 *  **Use.** Read documents, build a vocabulary of them, and encode them as rows for a model:
 *
 *  @code
 *  clf_documents *reviews = NULL;
 *  clf_vocabulary *words = NULL;
 *  clf_dataset *train = NULL;
 *  if (clf_documents_load(&reviews, NULL, "folder", "reviews", "folders=neg,pos") < 0 ||
 *      clf_vocabulary_create(&words, NULL, "encoding=tf_idf ngrams=1,2") < 0 ||
 *      clf_vocabulary_build(words, reviews) < 0 ||
 *      clf_vocabulary_encode(&train, words, reviews) < 0) {
 *    fprintf(stderr, "%s\n", clf_last_error());
 *  }
 *  clf_dataset_free(train);
 *  clf_vocabulary_free(words);
 *  clf_documents_free(reviews);
 *  @endcode
 *
 *  clf_model_set_vocabulary() keeps the vocabulary with the model, so that one file holds both.
 *
 *  Thread class of the file: calls that take a const handle may run in any number of threads at
 *  once on one handle; the others need it to themselves.
 */
#ifndef CLASSIFY_TEXT_H
#define CLASSIFY_TEXT_H

#include <classify/dataset.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Texts, with labels where a reader found them. Opaque. */
typedef struct clf_documents clf_documents;

/** A vocabulary: the words, or n-grams, of documents, and how rows are made of them. Opaque. */
typedef struct clf_vocabulary clf_vocabulary;

/* Documents */

/** Makes documents of texts in memory, which are copied. Bytes that are no UTF-8 are replaced by
 *  U+FFFD and counted.
 *  @param out      receives the documents; free them with clf_documents_free()
 *  @param texts    [count]
 *  @param lengths  [count] bytes of each text, or NULL when all are NUL-terminated
 *  @param count    1 … 2^31 - 1
 *  @return CLF_OK, CLF_ERROR_ARGUMENT, CLF_ERROR_SHAPE (no documents, or too many),
 *          CLF_ERROR_MEMORY @since 0.1 */
CLF_API clf_status clf_documents_create(clf_documents **out, clf_context *context,
                                        const char *const *texts, const int64_t *lengths,
                                        int64_t count);

/** Reads documents with their labels from files.
 *  @param format  "folder": text files in a folder for each label, PATH/LABEL/FILE, or, when PATH
 *                 has no folders, PATH/FILE without labels; in byte order of labels and files.
 *                 Names that begin with a dot are left out, and so are files beside folders of
 *                 labels. "csv": a column of texts in a CSV or TSV file, plain or gzip'd, and one
 *                 of labels. See clf_kind_name("document_format", …).
 *  @param path    the folder or file
 *  @param params  "name=value …" of the format, or NULL: "folders=neg,pos", "text=review
 *                 label=sentiment"; clf_param_describe("document_format", …) lists them. What
 *                 "csv" guesses is in the log. It takes a first line of texts alone as a header
 *                 only where one of them is a usual name, such as "text" or "label"
 *  @return CLF_OK, CLF_ERROR_ARGUMENT, CLF_ERROR_IO (no such folder or file, or one that is no
 *          regular file), CLF_ERROR_FORMAT, CLF_ERROR_DATA (nothing in it, a label without
 *          documents, a file larger than max_bytes: the message names it), CLF_ERROR_SHAPE,
 *          CLF_ERROR_MEMORY, CLF_ERROR_CANCELLED @since 0.1 */
CLF_API clf_status clf_documents_load(clf_documents **out, clf_context *context, const char *format,
                                      const char *path, const char *params);

/** Frees the handle. NULL is fine. @since 0.1 */
CLF_API void clf_documents_free(clf_documents *documents);

/** Returns the number of documents; -1 for NULL. @since 0.1 */
CLF_API int64_t clf_documents_count(const clf_documents *documents);

/** Returns a document's text: valid UTF-8 with a NUL behind it, which lives as long as the
 *  documents. It may hold NUL characters of its own.
 *  @param length  receives its bytes; may be NULL
 *  @return the text; NULL when there is no such document @since 0.1 */
CLF_API const char *clf_documents_text(const clf_documents *documents, int64_t index,
                                       int64_t *length);

/** Returns where a document comes from, such as "pos/127_9.txt"; NULL when it has no name. A file's
 *  name has the bytes that the system knows it by, which need not be UTF-8. Lives as long as the
 *  documents.
 *  @since 0.1 */
CLF_API const char *clf_documents_name(const clf_documents *documents, int64_t index);

/** How often U+FFFD took the place of bytes that were no UTF-8, in all documents; -1 for NULL.
 *  @since 0.1 */
CLF_API int64_t clf_documents_replaced(const clf_documents *documents);

/* Vocabularies */

/** Makes a vocabulary, without words yet.
 *  @param out     receives the vocabulary; free it with clf_vocabulary_free()
 *  @param params  "name=value …", or NULL for the defaults: "max_words=10000 steps=256" for a
 *                 network with an embedding, "encoding=tf_idf ngrams=1,2" for a linear model;
 *                 clf_param_describe("vocabulary", "vocabulary", …) lists them
 *  @return CLF_OK, CLF_ERROR_ARGUMENT, CLF_ERROR_MEMORY @since 0.1 */
CLF_API clf_status clf_vocabulary_create(clf_vocabulary **out, clf_context *context,
                                         const char *params);

/** Frees the handle. NULL is fine. @since 0.1 */
CLF_API void clf_vocabulary_free(clf_vocabulary *vocabulary);

/** Learns the words of documents, in place of those it had: the most frequent first, equally
 *  frequent ones in byte order. After a failure it has those that it had. A vocabulary from the
 *  file of an older version keeps that one's rules of what a word is; a new handle has the newest.
 *  @return CLF_OK, CLF_ERROR_ARGUMENT, CLF_ERROR_DATA (no word is left: the message says why),
 *          CLF_ERROR_MEMORY, CLF_ERROR_CANCELLED @since 0.1 */
CLF_API clf_status clf_vocabulary_build(clf_vocabulary *vocabulary, const clf_documents *documents);

/* Encoding */

/** Makes a dataset of documents, a row each, with their labels.
 *
 *  encoding=sequence: dense rows [rows, steps] of the words' numbers in order. 0 is padding, 1 the
 *  start, 2 any word outside the vocabulary, 3 … size - 1 its entries. With ngrams=1,2 a
 *  word's number is followed by that of the pair it ends, where the vocabulary has that pair: "not
 *  good" is not, good, not good. Rows are padded at the end that `padding` names, and cut where
 *  `truncation` does; steps=0 makes them as long as the longest. Numbers are f32, which holds all
 *  of them exactly.
 *
 *  encoding=count, binary, tf_idf: sparse rows with a column for each word or n-gram. Others
 *  are left out. An n-gram is of words that follow one another in the text.
 *  With tf_idf a value is tf (1 + ln tf with sublinear) times ln((1 + documents) / (1 + documents
 *  with it)) + 1; without smooth_idf both 1s of the quotient are missing. norm=l2 scales each row's
 *  sum of squares to 1, which is the default of tf_idf.
 *  @param out  receives the dataset; free it with clf_dataset_free()
 *  @return CLF_OK, CLF_ERROR_ARGUMENT, CLF_ERROR_NOT_FITTED (it has no words yet), CLF_ERROR_SHAPE
 *          (rows too large to address), CLF_ERROR_MEMORY, CLF_ERROR_CANCELLED @since 0.1 */
CLF_API clf_status clf_vocabulary_encode(clf_dataset **out, const clf_vocabulary *vocabulary,
                                         const clf_documents *documents);

/** The same for one text: a dataset of one row without a label.
 *  @param text    need not be valid UTF-8, nor NUL-terminated
 *  @param length  its bytes; -1: up to the NUL
 *  @return as clf_vocabulary_encode() @since 0.1 */
CLF_API clf_status clf_vocabulary_encode_text(clf_dataset **out, const clf_vocabulary *vocabulary,
                                              const char *text, int64_t length);

/** The words of a text one by one: their numbers, and where they stand. These are the words alone:
 *  a row of clf_vocabulary_encode() has the start (1) before them, where `start` is true, and
 *  n-grams among them. Fed word by word to clf_sequence_feed(), a text needs the start first; with
 *  n-grams, feed the row.
 *  @param text, length  as in clf_vocabulary_encode_text()
 *  @param ids       [capacity] receives for each word what it is in clf_vocabulary_word(); of one
 *                   outside the vocabulary, 2 with encoding=sequence, else -1. May be NULL
 *                   when capacity is 0.
 *  @param begin, end  [capacity] receive the places in bytes of its first and behind its last one;
 *                   may be NULL
 *  @param capacity  elements of the arrays; of a longer text the first words are given
 *  @param count     receives the number of words of the whole text; may be NULL
 *  @return CLF_OK, CLF_ERROR_ARGUMENT, CLF_ERROR_NOT_FITTED @since 0.1 */
CLF_API clf_status clf_vocabulary_tokenize(const clf_vocabulary *vocabulary, const char *text,
                                           int64_t length, int32_t *ids, int64_t *begin,
                                           int64_t *end, int64_t capacity, int64_t *count);

/* What a vocabulary has */

/** Returns how many numbers there are: one for each word or n-gram, and with encoding=sequence the
 *  three reserved ones; -1 when nothing was built. @since 0.1 */
CLF_API int64_t clf_vocabulary_size(const clf_vocabulary *vocabulary);

/** The word or n-gram (its words with a blank between) of a number, 0 … size - 1; "<padding>",
 *  "<start>" and "<unknown>" for the reserved ones; NULL when there is none. Lives until the next
 *  build. @since 0.1 */
CLF_API const char *clf_vocabulary_word(const clf_vocabulary *vocabulary, int64_t index);

/** The number of a word or n-gram, written as clf_vocabulary_word() gives it; -1 when it has none.
 *  @since 0.1 */
CLF_API int64_t clf_vocabulary_find(const clf_vocabulary *vocabulary, const char *word);

/** How often a word or n-gram occurred in the documents of the build; 0 for reserved numbers, -1
 *  when there is none. @since 0.1 */
CLF_API int64_t clf_vocabulary_count(const clf_vocabulary *vocabulary, int64_t index);

/** Saves a vocabulary, atomically. To keep one with a model use clf_model_set_vocabulary().
 *  @return CLF_OK, CLF_ERROR_ARGUMENT, CLF_ERROR_NOT_FITTED, CLF_ERROR_IO, CLF_ERROR_MEMORY
 *  @since 0.1 */
CLF_API clf_status clf_vocabulary_save(const clf_vocabulary *vocabulary, const char *path);

/** Saves a vocabulary to memory. Buffer as in clf_model_save_memory().
 *  @return CLF_OK, CLF_ERROR_ARGUMENT, CLF_ERROR_NOT_FITTED, CLF_ERROR_MEMORY @since 0.1 */
CLF_API clf_status clf_vocabulary_save_memory(const clf_vocabulary *vocabulary, void *buffer,
                                              size_t capacity, size_t *size);

/** Loads a vocabulary from a file of its own, or from that of a model that has one.
 *  @return CLF_OK, CLF_ERROR_ARGUMENT, CLF_ERROR_IO, CLF_ERROR_CORRUPT, CLF_ERROR_VERSION,
 *          CLF_ERROR_MEMORY @since 0.1 */
CLF_API clf_status clf_vocabulary_load(clf_vocabulary **out, clf_context *context,
                                       const char *path);

/** Loads a vocabulary from memory, which is not needed afterwards.
 *  @return as clf_vocabulary_load() @since 0.1 */
CLF_API clf_status clf_vocabulary_load_memory(clf_vocabulary **out, clf_context *context,
                                              const void *bytes, size_t size);

#ifdef __cplusplus
}
#endif

#endif
