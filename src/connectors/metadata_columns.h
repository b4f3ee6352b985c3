// `metadata.<column>` = <metadata>: columns of a source's rows that are filled from where a record lies, not from what it says.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "connectors/node_options.h"
#include "connectors/row_layout.h"

namespace thalweg::connectors {

struct MetadataColumns {
  types::SchemaPtr values;              // the columns that records fill, in their order
  std::vector<types::Field> partition;  // those that the folder of a file fills, as they were named
  std::vector<std::string> metadata;    // what fills the others, in their order
  RowLayout layout;                     // of `values`, then `partition`, then `metadata`
};

/// Reads the options. `type_of`: type of a metadata, UserError naming those that exist. `partition`: names of columns that are filled
/// neither by records nor by metadata. UserError for columns that do not exist or cannot hold the metadata.
Result<MetadataColumns> ReadMetadataColumns(NodeOptions& options, const types::SchemaPtr& rows,
                                            const std::function<Result<types::DataType>(std::string_view)>& type_of,
                                            const std::vector<std::string>& partition = {});

}  // namespace thalweg::connectors
