// As engine_headers.h, for the unit tests. Nothing of src/testing: namespace thalweg::testing would hide gtest's in tests that do not include it.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine_headers.h"

#include "io/temporary_folder.h"
#include "state/keyed_state.h"
