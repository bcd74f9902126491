/* CSV text from memory. */
#include "reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const char *const params[] = {
      NULL,
      "label=none missing=nan delimiter=comma",
      "missing=skip weight=2",
      "label=1,b regression=true",
      "delimiter=blanks comment=hash missing=nan missing_values=?,-9,x",
      "thousands=point missing=skip encoding=latin1",
      "decimal=comma thousands=space row_numbers=true comment=percent label=none",
      "thousands=comma header=true row_numbers=false ignore=a missing=nan",
      "columns='b,\"a\",1' missing=nan unreadable=nan",
      "categories=a,1 missing=keep",
      "categories=none dates=mdy missing=keep label=none",
  };
  return fuzz_format(&clf__dataset_reader_csv, data, size, params,
                     sizeof params / sizeof params[0]);
}

size_t fuzz_seed(int index, uint8_t *buffer, size_t capacity) {
  static const char *const seeds[] = {
      "a,b,c,label\n1,2,3,x\n-4.5e1,.5,6,y\n",
      "\xEF\xBB\xBF\"a\";\"b\"\r\n\"1\"; 2 \r\n\r\n3;\"x \"\"y\"\"\"\r\n",
      "1\t2\t\"a\rb\"\r?\t3\tNA\r,\t1e-5\tc",
      "# by R\n;a;a;b;\n0;1.234,5;1 000;x;\n1;2,5;N/A;\xE9;\n",
      "# a b c\n 1  2 y # z\n\n3\t \"4\" \"#\"\n% 5\n",
      "\"a\",\"b\"\n\"1\",2,\"x\"\n\"2\",\"3,000\",\"y\"\n",
      "0,1,2,label\n5,6,9,a\n7,8,9,a\n",
      "a,b,c\nred,2026-11-30,x\n\"NA\",2026-11-30 12:30:15.5+01:00,y\n,NA,\"z\"\"\"\n",
      "a,b\n30/11/2026,q\n01.02.2026,\n,r\n10-19,12%\n",
      "0,0.25,1,7\n1,,2,8\n,nan,3,9\n12345678901234567890,1e22,inf,1\n",
  };
  const size_t count = sizeof seeds / sizeof seeds[0];
  return (size_t)index < count ? fuzz_copy(buffer, capacity, seeds[index], strlen(seeds[index]))
                               : 0;
}
