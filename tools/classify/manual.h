/* Manual pages of section 1, of the tables of the verbs: the build writes them. */
#ifndef CLASSIFY_MANUAL_H
#define CLASSIFY_MANUAL_H

/* Writes the page of the program, and one for each verb, to a folder, which is made. Returns the
 * status to exit with. */
int manual_write(const char *folder);

#endif
