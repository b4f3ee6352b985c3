// docs/book/sql_statements.md: every example does what its line says.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "sql/session.h"
#include "testing/source_folder.h"
#include "types/type_codec.h"

namespace thalweg::sql {
namespace {

/// Reads anything, writes anything, connects to nothing.
class AnyConnector final : public graph::TableConnector {
 public:
  Result<graph::SourceTable> Source(const graph::TableDescriptor& table) const override {
    graph::SourceTable source;
    source.node.kind = "any-source";
    source.node.outputs.push_back({"", table.physical, "", ""});
    return source;
  }
  Result<graph::SinkTable> Sink(const graph::TableDescriptor& table) const override {
    graph::SinkTable sink;
    sink.node.kind = "any-sink";
    sink.node.payload = types::EncodeSchema(*table.physical);
    sink.accepts = graph::ChangelogMode::kRetract;
    return sink;
  }
};

Status RunAll(Session& session, const std::string& script) {
  THALWEG_ASSIGN(auto statements, ParseScript(script));
  for (const ParsedStatement& statement : statements) THALWEG_TRY(session.Execute(statement, script).status());
  return {};
}

struct BookLine {
  std::string example, verdict;
};

TEST(Statements, OfTheBookRunOrAreRefusedAsItSays) {
  std::ifstream in(SourceFolder() + "/docs/book/sql_statements.md");
  std::string definitions;
  std::vector<BookLine> lines;
  bool in_block = false;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("```")) {
      in_block = !in_block;
    } else if (in_block) {
      definitions += line + "\n";
    } else if (const size_t begin = line.find("| `"); line.starts_with("| ") && begin != std::string::npos) {
      const size_t end = line.rfind("` | ");
      ASSERT_NE(end, std::string::npos) << line;
      lines.push_back({line.substr(begin + 3, end - begin - 3), line.substr(end + 4, line.size() - end - 6)});
    }
  }
  EXPECT_GE(lines.size(), 80u);
  for (const BookLine& line : lines) {
    graph::TableConnectors connectors;
    for (const char* name : {"datagen", "blackhole"}) connectors.Add(name, std::make_unique<AnyConnector>());
    Session session(SessionOptions{.connectors = &connectors});
    ASSERT_TRUE(RunAll(session, definitions).ok()) << definitions;
    const Status status = RunAll(session, line.example);
    if (line.verdict == "yes") {
      EXPECT_TRUE(status.ok()) << line.example << ": " << status.message();
      continue;
    }
    ASSERT_TRUE(line.verdict.starts_with("no: ")) << line.verdict;
    EXPECT_FALSE(status.ok()) << line.example << " runs";
    EXPECT_NE(status.message().find(line.verdict.substr(4)), std::string::npos)
        << line.example << ": " << status.message();
  }
}

}  // namespace
}  // namespace thalweg::sql
