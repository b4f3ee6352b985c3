// The smallest job: a row, printed. bench/cold_start.py loads it with `thalweg run`.
#include "api/thalweg.h"

using namespace thalweg;

THALWEG_JOB(env) {
  env.FromElements(int64_t{1}).Map([](int64_t n) { return n; }).Print();
  return env.Execute("first row").status();
}
