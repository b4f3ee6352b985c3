// The connectors that CREATE TABLE ... WITH ('connector' = ...) may name, over the kinds of nodes of this folder.
#pragma once

#include <memory>

#include "graph/table_connector.h"

namespace thalweg::connectors {

std::unique_ptr<graph::TableConnector> MakeKafkaTables();
std::unique_ptr<graph::TableConnector> MakeUpsertKafkaTables();
std::unique_ptr<graph::TableConnector> MakeFileTables();
std::unique_ptr<graph::TableConnector> MakeDatagenTables();
std::unique_ptr<graph::TableConnector> MakeNexmarkTables();
std::unique_ptr<graph::TableConnector> MakePrintTables();
std::unique_ptr<graph::TableConnector> MakeBlackholeTables();

/// kafka, upsert-kafka, filesystem, datagen, nexmark, print, blackhole.
void AddTableConnectors(graph::TableConnectors& connectors);

}  // namespace thalweg::connectors
