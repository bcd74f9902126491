/* Dates in CSV fields: ISO 8601 with a date as 2026-11-30 or 2026/11/30, and a time behind T or a
 * blank as 12:30, 12:30:15 or 12:30:15.25, possibly with Z or an offset such as +01:00; and dates
 * of day, month and year of four digits between two equal marks of "/" and "-", or "." if the day
 * is first. Days are counted by the Gregorian calendar, also before it began, and a day has 86,400
 * seconds. */
#include "data/formats/csv/csv.h"

typedef struct cursor {
  const char *at, *end;
} cursor;

/* Reads a number of `min` to `max` digits. */
static bool digits(cursor *self, int min, int max, int *out) {
  int count = 0;
  *out = 0;
  for (; count < max && self->at < self->end && (unsigned char)(*self->at - '0') <= 9; count++) {
    *out = *out * 10 + (*self->at++ - '0');
  }
  return count >= min;
}

static bool mark(cursor *self, char byte) {
  const bool found = self->at < self->end && *self->at == byte;
  self->at += found;
  return found;
}

static bool is_day(int year, int month, int day) {
  static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return year >= 1 && month >= 1 && month <= 12 && day >= 1 &&
         day <= days[month - 1] + (leap && month == 2);
}

/* Counts the days from 1970-01-01; years begin in March, so that leap days are at their ends. */
static int64_t days_of(int year, int month, int day) {
  const int64_t y = year - (month <= 2);
  const int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return y * 365 + y / 4 - y / 100 + y / 400 + of_year - 719468;
}

/* Reads the date part; the year has four digits. */
static bool read_day(cursor *self, int32_t order, int64_t *days) {
  int part[3];
  const bool first = order == CLF__CSV_YMD, points = order == CLF__CSV_DMY;
  if (!digits(self, first ? 4 : 1, first ? 4 : 2, &part[0]) || self->at == self->end) {
    return false;
  }
  const char between = *self->at;
  if ((between != '-' && between != '/' && (between != '.' || !points)) || !mark(self, between) ||
      !digits(self, 1, 2, &part[1]) || !mark(self, between) ||
      !digits(self, first ? 1 : 4, first ? 2 : 4, &part[2])) {
    return false;
  }
  const int year = first ? part[0] : part[2];
  const int month = order == CLF__CSV_MDY ? part[0] : part[1];
  const int day = order == CLF__CSV_YMD ? part[2] : order == CLF__CSV_DMY ? part[0] : part[1];
  *days = is_day(year, month, day) ? days_of(year, month, day) : 0;
  return is_day(year, month, day);
}

/* Reads "Z", "+01:00", "+0100" or "+01", or nothing; *seconds is subtracted. */
static bool read_offset(cursor *self, double *seconds) {
  int hours = 0, minutes = 0;
  if (self->at == self->end || mark(self, 'Z')) {
    return true;
  }
  const bool east = mark(self, '+');
  if ((!east && !mark(self, '-')) || !digits(self, 2, 2, &hours)) {
    return false;
  }
  mark(self, ':');
  if (self->at < self->end && !digits(self, 2, 2, &minutes)) {
    return false;
  }
  *seconds -= (east ? 1 : -1) * (hours * 3600.0 + minutes * 60.0);
  return hours <= 14 && minutes < 60;
}

/* Reads the time behind the date as seconds. */
static bool read_time(cursor *self, double *seconds) {
  int hour, minute, second = 0;
  if (!digits(self, 1, 2, &hour) || !mark(self, ':') || !digits(self, 2, 2, &minute)) {
    return false;
  }
  double fraction = 0;
  if (mark(self, ':')) {
    if (!digits(self, 2, 2, &second)) {
      return false;
    }
    if (mark(self, '.') || mark(self, ',')) {
      const char *begin = self->at;
      double unit = 0.1;
      for (; self->at < self->end && (unsigned char)(*self->at - '0') <= 9; unit /= 10) {
        fraction += unit * (*self->at++ - '0');
      }
      if (self->at == begin) {
        return false;
      }
    }
  }
  *seconds = hour * 3600.0 + minute * 60.0 + second + fraction;
  return hour < 24 && minute < 60 && second <= 60 && read_offset(self, seconds);
}

bool clf__csv_date(const clf__csv_field *field, int32_t order, double *days) {
  cursor at = {field->begin, field->end};
  int64_t whole;
  double seconds = 0;
  if (!read_day(&at, order, &whole)) {
    return false;
  }
  if (at.at < at.end && ((!mark(&at, 'T') && !mark(&at, ' ')) || !read_time(&at, &seconds))) {
    return false;
  }
  *days = (double)whole + seconds / 86400;
  return at.at == at.end;
}

uint32_t clf__csv_date_orders(const clf__csv_field *field) {
  uint32_t orders = 0;
  double days;
  for (int32_t order = CLF__CSV_YMD; order <= CLF__CSV_MDY; order++) {
    orders |= clf__csv_date(field, order, &days) ? UINT32_C(1) << order : 0;
  }
  return orders;
}
