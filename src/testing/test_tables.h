// The connector "test": tables whose rows a test gives and looks at. Kinds "test-source" and "test-sink", which run in a GraphRun only.
#pragma once

#include <memory>

#include "graph/table_connector.h"

namespace thalweg::testing {

inline constexpr char kTestSource[] = "test-source";
inline constexpr char kTestSink[] = "test-sink";
inline constexpr char kTestTable[] = "table";  // option of both kinds: the table's name, without catalog and database
inline constexpr char kTestKey[] = "key";      // option of a sink that takes changes: the columns of its primary key

/// Options: `changelog-mode` of the rows read and `sink-changelog-mode` of those taken, in Flink's letters: I (the default of a source);
/// I,UA,D (by the primary key); I,UB,UA,D (the default of a sink). `bounded`.
std::unique_ptr<graph::TableConnector> MakeTestTables();

}  // namespace thalweg::testing
