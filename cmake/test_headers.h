// As engine_headers.h, for the unit tests.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine_headers.h"

#include "io/temporary_folder.h"
#include "state/keyed_state.h"
#include "testing/harness.h"
#include "testing/row_harness.h"
