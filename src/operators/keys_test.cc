#include "operators/keys.h"

#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace thalweg::operators {
namespace {

/// A batch's key columns, hashes, and the bytes that a keyed operator sees, all agree with the codec of each key.
template <typename K>
void CheckKeys(const std::vector<K>& keys) {
  columns::BufferPool pool;
  columns::Batch batch(pool, static_cast<int32_t>(keys.size()));
  batch.AddColumn(columns::NewObjectColumn(pool, types::ObjectTypeOf<char>(), batch.rows()));
  AppendKeyColumns<K>(batch, pool, [&](int32_t row) { return keys[static_cast<size_t>(row)]; });
  for (int32_t from : {0, 1}) {
    BatchKeys loaded;
    ASSERT_TRUE(loaded.Load(batch, from).ok());
    auto view = loaded.View(from, batch.rows());
    for (int32_t row = from; row < batch.rows(); ++row) {
      const K& key = keys[static_cast<size_t>(row)];
      std::string bytes;
      columns::KeyCodec<K>::AppendBytes(key, bytes);
      EXPECT_EQ(loaded[row].bytes, bytes);
      EXPECT_EQ(loaded[row].hash, Hash64(bytes));
      EXPECT_EQ(view[static_cast<size_t>(row - from)].bytes, bytes);
      K read{};
      EXPECT_TRUE(columns::KeyCodec<K>::ReadColumns(batch, kFirstKeyColumn, row, read).ok());
      EXPECT_EQ(read, key);
      EXPECT_EQ(KeyFromBytes<K>(bytes), key);
    }
  }
}

TEST(Keys, OfABatchHaveTheBytesAndHashesOfTheirCodec) {
  CheckKeys<int64_t>({0, -1, 7, std::numeric_limits<int64_t>::min(), std::numeric_limits<int64_t>::max()});
  CheckKeys<int32_t>({0, -1, 7, std::numeric_limits<int32_t>::min(), std::numeric_limits<int32_t>::max()});
  CheckKeys<long long>({5, -5});  // NOLINT(google-runtime-int)
  CheckKeys<int16_t>({0, -3, 300});
  CheckKeys<uint32_t>({0, 4'000'000'000});
  CheckKeys<std::string>({"", "a", std::string("nul\0in it", 9), std::string(300, 'x')});
  CheckKeys<std::pair<int64_t, std::string>>({{1, "a"}, {-1, ""}});
}

}  // namespace
}  // namespace thalweg::operators
