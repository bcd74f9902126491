/** @file classify/text.h
 *  Text: documents, and a vocabulary that turns them into rows of a dataset.
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
 *  **Words.** A word is a run of letters, marks and digits of any script (Unicode 14), with single
 *  apostrophes inside ("don't"; U+2019 is an apostrophe too). Everything else separates words,
 *  bytes that are not UTF-8 included. In detail:
 *
 *  - As in UAX #29, a joiner (U+200C, U+200D) between letters or behind a virama belongs to the
 *    word. Invisible characters (soft hyphens, direction marks, variation selectors) neither divide
 *    a word nor belong to it. Marks, joiners and invisible characters alone are not words.
 *  - Canonically equal words are the same word: é equals e with an accent, and a Hangul syllable
 *    equals its parts. clf_vocabulary_word() returns words in NFC.
 *  - With `lowercase`, words that differ only in case are the same word. Unicode's full case
 *    folding is used for all languages: ß becomes ss, both forms of the Greek sigma become one, the
 *    Turkish İ becomes i and U+0307, and ı stays different from i.
 *  - In scripts that are written without blanks (Han, Hiragana, Thai, Lao, Khmer, Burmese and a few
 *    more), each character with its marks is a word, because real words would need a dictionary;
 *    ngrams=1,2 or 1,2,3 approximates them by neighbors. If a text has blanks between the words of
 *    such scripts, set unspaced=runs. Katakana and Hangul are always divided at blanks.
 *  - With `strip_tags`, HTML's tags separate words, and so do comments, the contents of script and
 *    style elements, and `<!DOCTYPE …>`. A tag is '<' or '</', the name of an HTML element, and
 *    nothing but attributes up to '>'. Attributes have values, or are known to HTML without one
 *    (checked, disabled), or have a hyphen in their name. So `<unk>`, `a < b` and
 *    `x<y and then z>w` are text.
 *  - With `entities`, references such as `&eacute;` (HTML 4's names, and `&apos;`), `&#233;` and
 *    `&#xE9;` are replaced by the characters that they name, inside of words too. A reference ends
 *    with a semicolon.
 *  - With `emoji`, an emoji is a word, together with its skin color, the second letter of a flag
 *    and emoji joined to it, but without variation selectors.
 *  - Only the first characters of a word of more than 255 bytes count.
 *
 *  A vocabulary keeps the rules of the version of the library that made it, also in its file.
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

/** Makes documents of texts in memory, which are copied. Bytes that are not UTF-8 are replaced by
 *  U+FFFD and counted.
 *  @param out      receives the documents; free them with clf_documents_free()
 *  @param texts    [count]
 *  @param sizes    [count] bytes of each text, or NULL when all are NUL-terminated
 *  @param count    1 … 2^31 - 1
 *  @return CLF_OK, CLF_ERROR_ARGUMENT, CLF_ERROR_SHAPE (no documents, or too many),
 *          CLF_ERROR_MEMORY @since 0.1 */
CLF_API clf_status clf_documents_create(clf_documents **out, clf_context *context,
                                        const char *const *texts, const size_t *sizes,
                                        int64_t count);

/** Reads documents with their labels from files.
 *  @param format  "folder": text files in a folder for each label, PATH/LABEL/FILE, or, when PATH
 *                 has no folders, PATH/FILE without labels; in byte order of labels and files.
 *                 Names that begin with a dot are left out, and so are files in PATH itself if it
 *                 has folders. "csv": a column of texts in a CSV or TSV file and one of labels.
 *                 "lines": a text in each line, blank lines too, of a file without labels, or of
 *                 the files PATH.LABEL, each with the texts of a label. "fasttext": a text in each
 *                 line, with its label as a word that begins with "__label__", or no labels in the
 *                 whole file; two labels of one text are refused, and blank lines of a file with
 *                 labels left out. All but "folder" may be compressed by gzip. See
 *                 clf_kind_name("document_reader", …).
 *  @param path    the folder or file, or what the files of "lines" begin with
 *  @param params  "name=value …" of the format, or NULL: "folders=neg,pos", "text=review
 *                 label=sentiment"; clf_param_describe("document_reader", …) lists them. "csv" logs
 *                 what it guesses. It takes a first line that is all text as a header only if one
 *                 field is a usual name, such as "text" or "label"
 *  @return CLF_OK, CLF_ERROR_ARGUMENT, CLF_ERROR_IO (no such folder or file, or one that is no
 *          regular file), CLF_ERROR_FORMAT, CLF_ERROR_DATA (nothing in it, a label without
 *          documents, a file larger than max_bytes: the message names it), CLF_ERROR_SHAPE,
 *          CLF_ERROR_MEMORY, CLF_ERROR_CANCELLED @since 0.1 */
CLF_API clf_status clf_documents_load(clf_documents **out, clf_context *context, const char *format,
                                      const char *path, const char *params);

/** Reads documents from bytes in memory, as clf_documents_load() does from a file that holds them.
 *  Messages call them "data in memory".
 *  @param format  as above, but for "folder"; bytes of "lines" have no labels
 *  @param bytes   [size], plain or compressed by gzip, read during the call only
 *  @param size    number of bytes
 *  @param params  as above, without labels=… of "lines". first_line is the number of the first line
 *                 in messages, if the bytes are a part of a text
 *  @return as clf_documents_load(), but for CLF_ERROR_IO; CLF_ERROR_UNSUPPORTED for "folder"
 *  @since 0.1 */
CLF_API clf_status clf_documents_load_memory(clf_documents **out, clf_context *context,
                                             const char *format, const void *bytes, size_t size,
                                             const char *params);

/** Frees the handle. NULL is fine. @since 0.1 */
CLF_API void clf_documents_free(clf_documents *documents);

/** Returns the number of documents; -1 for NULL. @since 0.1 */
CLF_API int64_t clf_documents_count(const clf_documents *documents);

/** Returns a document's text: valid UTF-8 with a NUL behind it, which lives as long as the
 *  documents. It may hold NUL characters of its own.
 *  @param size  receives its bytes, without the NUL behind it; may be NULL
 *  @return the text; NULL when there is no such document @since 0.1 */
CLF_API const char *clf_documents_text(const clf_documents *documents, int64_t index, size_t *size);

/** Returns where a document comes from, such as "pos/127_9.txt"; NULL when it has no name. The name
 *  of a file is given in the bytes of the file system, which need not be UTF-8. The string lives as
 *  long as the documents.
 *  @since 0.1 */
CLF_API const char *clf_documents_name(const clf_documents *documents, int64_t index);

/** Returns what the csv reader guessed about the file, as clf_dataset_guesses() does.
 *  @return the text, which lives as long as the documents; "" when nothing was guessed; NULL for
 *          NULL @since 0.1 */
CLF_API const char *clf_documents_guesses(const clf_documents *documents);

/** Returns how often U+FFFD replaced bytes that were not UTF-8, in all documents; -1 for NULL.
 *  @since 0.1 */
CLF_API int64_t clf_documents_replaced(const clf_documents *documents);

/* Vocabularies */

/** Makes a vocabulary that has no words yet.
 *  @param out     receives the vocabulary; free it with clf_vocabulary_free()
 *  @param params  "name=value …", or NULL for the defaults: "max_words=10000 steps=256" for a
 *                 network with an embedding, "encoding=tf_idf ngrams=1,2" for a linear model;
 *                 clf_param_describe("vocabulary", "vocabulary", …) lists them
 *  @return CLF_OK, CLF_ERROR_ARGUMENT, CLF_ERROR_MEMORY @since 0.1 */
CLF_API clf_status clf_vocabulary_create(clf_vocabulary **out, clf_context *context,
                                         const char *params);

/** Frees the handle. NULL is fine. @since 0.1 */
CLF_API void clf_vocabulary_free(clf_vocabulary *vocabulary);

/** Collects the words of documents and replaces those that the vocabulary had. The most frequent
 *  words come first, equally frequent ones in byte order. After a failure the vocabulary keeps the
 *  words that it had. A vocabulary that was loaded from the file of an older version keeps that
 *  version's rules of what a word is; a new vocabulary has the newest rules. With a communicator
 *  all ranks make this call, each with documents of its own, and get the same words.
 *  @return CLF_OK, CLF_ERROR_ARGUMENT, CLF_ERROR_DATA (no word is left: the message says why),
 *          CLF_ERROR_MEMORY, CLF_ERROR_CANCELLED, CLF_ERROR_PEER @since 0.1 */
CLF_API clf_status clf_vocabulary_build(clf_vocabulary *vocabulary, const clf_documents *documents);

/* Encoding */

/** Makes a dataset with one row for each document, and with the documents' labels.
 *
 *  encoding=sequence makes dense rows [rows, steps] of the words' numbers in order. 0 is padding, 1
 *  the start, 2 any word outside the vocabulary, and 3 … size - 1 are its entries. With ngrams=1,2
 *  the number of a word is followed by that of the pair that the word ends, if the vocabulary has
 *  that pair: "not good" becomes the numbers of "not", "good" and "not good". Rows are padded at
 *  the end that `padding` names and cut at the end that `truncation` names; steps=0 makes all rows
 *  as long as the longest. The numbers are f32, which holds all of them exactly.
 *
 *  encoding=count, binary and tf_idf make sparse rows with a column for each word or n-gram of the
 *  vocabulary; other words are left out. An n-gram consists of words that follow one another in the
 *  text. With tf_idf a value is tf (or 1 + ln tf with sublinear) times (ln((1 + documents) / (1 +
 *  documents with it)) + 1); without smooth_idf the quotient is documents / documents with it.
 *  norm=l2, the default of tf_idf, scales each row to a sum of squares of 1.
 *  @param out  receives the dataset; free it with clf_dataset_free()
 *  @return CLF_OK, CLF_ERROR_ARGUMENT, CLF_ERROR_NOT_FITTED (it has no words yet), CLF_ERROR_SHAPE
 *          (rows too large to address), CLF_ERROR_MEMORY, CLF_ERROR_CANCELLED @since 0.1 */
CLF_API clf_status clf_vocabulary_encode(clf_dataset **out, const clf_vocabulary *vocabulary,
                                         const clf_documents *documents);

/** Makes a dataset of one row, without a label, from one text.
 *  @param text  [size] bytes, which need not be valid UTF-8, nor NUL-terminated
 *  @return as clf_vocabulary_encode() @since 0.1 */
CLF_API clf_status clf_vocabulary_encode_text(clf_dataset **out, const clf_vocabulary *vocabulary,
                                              const char *text, size_t size);

/** Splits a text into words, and returns their numbers and positions. Only words are returned; a
 *  row of clf_vocabulary_encode() begins with the start (1) if `start` is true, and contains
 *  n-grams. To feed a text word by word to clf_sequence_feed(), feed the start first; with n-grams,
 *  feed a row instead.
 *  @param text, size  as in clf_vocabulary_encode_text()
 *  @param ids       [capacity] receives the number of each word. A word outside the vocabulary gets
 *                   2 with encoding=sequence, otherwise -1. May be NULL when capacity is 0.
 *  @param begin, end  [capacity] receive the offset of each word's first byte, and that of the byte
 *                     behind its last;
 *                   may be NULL
 *  @param capacity  elements of the arrays; for a longer text they receive the first words
 *  @param count     receives the number of words of the whole text; may be NULL
 *  @return CLF_OK, CLF_ERROR_ARGUMENT, CLF_ERROR_NOT_FITTED @since 0.1 */
CLF_API clf_status clf_vocabulary_tokenize(const clf_vocabulary *vocabulary, const char *text,
                                           size_t size, int32_t *ids, size_t *begin, size_t *end,
                                           int64_t capacity, int64_t *count);

/* What a vocabulary has */

/** Writes the parameters as text, "name=value …", from which clf_vocabulary_create() makes an equal
 *  vocabulary without words.
 *  @param buffer    receives NUL-terminated text when it fits; may be NULL when capacity is 0
 *  @param capacity  bytes of buffer
 *  @param needed    receives the bytes needed, the NUL included; may be NULL
 *  @return CLF_OK, CLF_ERROR_ARGUMENT (also: too small a buffer that is not NULL), CLF_ERROR_MEMORY
 *  @since 0.1 */
CLF_API clf_status clf_vocabulary_params(const clf_vocabulary *vocabulary, char *buffer,
                                         size_t capacity, size_t *needed);

/** Returns the number of entries of the vocabulary: its words and n-grams, plus three reserved ones
 *  with encoding=sequence; -1 before it was built. @since 0.1 */
CLF_API int64_t clf_vocabulary_count(const clf_vocabulary *vocabulary);

/** Returns the word or n-gram (its words separated by blanks) that has a number, 0 … size - 1;
 *  "<padding>", "<start>" and "<unknown>" for the reserved numbers; NULL for others. The string
 *  lives until the next build. @since 0.1 */
CLF_API const char *clf_vocabulary_word(const clf_vocabulary *vocabulary, int64_t index);

/** Returns the number of a word or n-gram, spelled as clf_vocabulary_word() returns it; -1 when the
 *  vocabulary lacks it.
 *  @since 0.1 */
CLF_API int64_t clf_vocabulary_find(const clf_vocabulary *vocabulary, const char *word);

/** Returns how often a word or n-gram occurred in the documents that the vocabulary was built from;
 *  0 for reserved numbers, -1 for others. @since 0.1 */
CLF_API int64_t clf_vocabulary_frequency(const clf_vocabulary *vocabulary, int64_t index);

/** Returns in how many of the documents that the vocabulary was built from a word or n-gram
 *  occurred; 0 for reserved numbers, -1 for others. @since 0.1 */
CLF_API int64_t clf_vocabulary_document_frequency(const clf_vocabulary *vocabulary, int64_t index);

/** Returns the number of documents that the vocabulary was built from; -1 before it is built. With
 *  clf_vocabulary_document_frequency() it determines the factors of tf_idf.
 *  @since 0.1 */
CLF_API int64_t clf_vocabulary_document_count(const clf_vocabulary *vocabulary);

/** Saves a vocabulary, atomically. To keep one with a model use clf_model_set_vocabulary().
 *  @return CLF_OK, CLF_ERROR_ARGUMENT, CLF_ERROR_NOT_FITTED, CLF_ERROR_IO, CLF_ERROR_MEMORY,
 *          CLF_ERROR_CANCELLED @since 0.1 */
CLF_API clf_status clf_vocabulary_save(const clf_vocabulary *vocabulary, const char *path);

/** Saves a vocabulary to memory. Buffer as in clf_model_save_memory().
 *  @return CLF_OK, CLF_ERROR_ARGUMENT, CLF_ERROR_NOT_FITTED, CLF_ERROR_MEMORY @since 0.1 */
CLF_API clf_status clf_vocabulary_save_memory(const clf_vocabulary *vocabulary, void *buffer,
                                              size_t capacity, size_t *size);

/** Loads a vocabulary from a vocabulary file, or from the file of a model that has one.
 *  @return CLF_OK, CLF_ERROR_ARGUMENT, CLF_ERROR_IO, CLF_ERROR_CORRUPT, CLF_ERROR_VERSION,
 *          CLF_ERROR_MEMORY, CLF_ERROR_CANCELLED @since 0.1 */
CLF_API clf_status clf_vocabulary_load(clf_vocabulary **out, clf_context *context,
                                       const char *path);

/** Loads a vocabulary from memory, which may be freed afterwards.
 *  @return as clf_vocabulary_load() @since 0.1 */
CLF_API clf_status clf_vocabulary_load_memory(clf_vocabulary **out, clf_context *context,
                                              const void *bytes, size_t size);

#ifdef __cplusplus
}
#endif

#endif
