#include "expr/calendar.h"

#include <algorithm>

namespace thalweg::expr {

// Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms".
int64_t DaysOf(CivilDate date) {
  const int64_t year = date.year - (date.month <= 2);
  const int64_t era = FloorDiv(year, 400);
  const int64_t year_of_era = year - era * 400;
  const int64_t day_of_year = (153 * (date.month + (date.month > 2 ? -3 : 9)) + 2) / 5 + date.day - 1;
  return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}

CivilDate CivilOf(int64_t days) {
  days += 719468;
  const int64_t era = FloorDiv(days, 146097);
  const int64_t day_of_era = days - era * 146097;
  const int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int64_t shifted = (5 * day_of_year + 2) / 153;
  const int month = static_cast<int>(shifted < 10 ? shifted + 3 : shifted - 9);
  return {year_of_era + era * 400 + (month <= 2), month, static_cast<int>(day_of_year - (153 * shifted + 2) / 5 + 1)};
}

bool IsLeap(int64_t year) { return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0; }

int DaysInMonth(int64_t year, int month) {
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && IsLeap(year) ? 29 : kDays[month - 1];
}

bool IsDate(int64_t year, int64_t month, int64_t day) {
  return year >= 0 && year <= 9999 && month >= 1 && month <= 12 && day >= 1 &&
         day <= DaysInMonth(year, static_cast<int>(month));
}

int64_t AddMonths(int64_t days, int64_t months) {
  CivilDate date = CivilOf(days);
  const int64_t month = date.year * 12 + date.month - 1 + months;
  date.year = FloorDiv(month, 12);
  date.month = static_cast<int>(FloorMod(month, 12)) + 1;
  date.day = std::min(date.day, DaysInMonth(date.year, date.month));
  return DaysOf(date);
}

types::TimestampValue AddMonths(types::TimestampValue value, int64_t months) {
  const int64_t days = FloorDiv(value.millis, kMillisOfDay);
  value.millis += (AddMonths(days, months) - days) * kMillisOfDay;
  return value;
}

int IsoDayOfWeek(int64_t days) { return static_cast<int>(FloorMod(days + 3, 7)) + 1; }

int DayOfYear(int64_t days) { return static_cast<int>(days - DaysOf({CivilOf(days).year, 1, 1})) + 1; }

namespace {
/// The Thursday of the day's ISO week: it lies in the week's year.
int64_t ThursdayOf(int64_t days) { return days - IsoDayOfWeek(days) + 4; }
}  // namespace

int WeekOfYear(int64_t days) { return (DayOfYear(ThursdayOf(days)) - 1) / 7 + 1; }
int64_t WeekYear(int64_t days) { return CivilOf(ThursdayOf(days)).year; }

}  // namespace thalweg::expr
