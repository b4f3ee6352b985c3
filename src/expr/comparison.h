// The order and equality of cells, for comparisons, IN, and the functions on collections.
#pragma once

#include "columns/batch.h"

namespace thalweg::expr {

/// -1, 0, 1 of two present cells of one type that has an order: numbers, strings, bytes, booleans, times, intervals. NaN is above
/// all numbers and equal to itself.
int CompareCells(const columns::Column& a, int32_t a_row, const columns::Column& b, int32_t b_row);

/// Of cells of one type; NULL equals NULL. Nested values part by part; maps regardless of order.
bool CellsEqual(const columns::Column& a, int32_t a_row, const columns::Column& b, int32_t b_row);

/// Values of the type have an order in SQL.
bool HasOrder(const types::DataType& type);

}  // namespace thalweg::expr
