// The calendar: dates of days, months added, times of timestamps. Proleptic Gregorian, as Java's.
#pragma once

#include <cstdint>

#include "types/data_type.h"

namespace thalweg::expr {

constexpr int64_t kMillisOfDay = 86'400'000;

struct CivilDate {
  int64_t year;
  int month, day;  // from 1
};

int64_t DaysOf(CivilDate date);
CivilDate CivilOf(int64_t days);
int DaysInMonth(int64_t year, int month);
bool IsLeap(int64_t year);
/// Year 0..9999 and a day the month has.
bool IsDate(int64_t year, int64_t month, int64_t day);

constexpr int64_t FloorDiv(int64_t a, int64_t b) { return a / b - (a % b < 0); }
constexpr int64_t FloorMod(int64_t a, int64_t b) { return a - FloorDiv(a, b) * b; }

/// The day of month is cut to the length of the month, as Flink's addMonths.
int64_t AddMonths(int64_t days, int64_t months);
types::TimestampValue AddMonths(types::TimestampValue value, int64_t months);

/// 1 Monday .. 7 Sunday.
int IsoDayOfWeek(int64_t days);
int DayOfYear(int64_t days);
/// ISO 8601.
int WeekOfYear(int64_t days);
int64_t WeekYear(int64_t days);

}  // namespace thalweg::expr
