#include "state/store_table.h"

#include <utility>

#include "base/hash.h"
#include "state/store_snapshot.h"

namespace thalweg::state {

namespace {

constexpr size_t kBatchBytes = size_t{1} << 20;  // one write to the store
constexpr int64_t kIndexBytes = 96;              // an entry's share of the namespace index
constexpr uint8_t kHasExpiry = 1;
constexpr int64_t kMeanWeight = 16;      // of what was, against one new size
constexpr size_t kCleanedTogether = 64;  // expired entries looked up in the store by one call
constexpr int64_t kCleanUpCost = 1024;   // of one of them, in bytes saved: about 5 us

void AppendU16(uint16_t value, std::string& out) {
  out.push_back(static_cast<char>(value >> 8));
  out.push_back(static_cast<char>(value));
}

}  // namespace

std::string StoreLayout::Prefix(uint16_t group) const {
  std::string prefix;
  AppendU16(group, prefix);
  AppendU16(state_id, prefix);
  return prefix;
}

std::string StoreLayout::KeyPrefix(const KeyView& key) const {
  ByteWriter out;
  out.bytes() = Prefix(key.group);
  out.String(key.bytes);
  return out.Take();
}

bool StoreLayout::Split(std::string_view stored, uint16_t& group, std::string_view& key, std::string_view& ns) {
  ByteReader in(stored);
  const uint8_t high = in.U8();
  group = static_cast<uint16_t>(high << 8 | in.U8());
  in.U16();
  key = in.String();
  ns = in.Raw(in.remaining());
  return !in.failed();
}

void StoreLayout::AppendValueHead(bool has_expiry, int64_t expiry_ms, ByteWriter& out) {
  out.U8(has_expiry ? kHasExpiry : 0);
  if (has_expiry) out.I64(expiry_ms);
}

bool StoreLayout::ReadValueHead(std::string_view& value, std::optional<int64_t>& expiry_ms) {
  ByteReader in(value);
  expiry_ms.reset();
  if ((in.U8() & kHasExpiry) != 0) expiry_ms = in.I64();
  value = in.Raw(in.remaining());
  return !in.failed();
}

StoreTable::StoreTable(const StateSpec& spec, const types::ObjectType& type, StoreLayout layout, size_t entries,
                       StoreContext& context)
    : spec_(spec),
      type_(type),
      layout_(layout),
      context_(context),
      ttl_(spec.ttl, context.clock),
      opened_expiry_ms_(ttl_.enabled() ? ttl_.NewExpiry() : 0),
      cache_(type, ttl_.enabled()),
      ordered_(spec.kind == StateKind::kMap || spec.kind == StateKind::kList),
      entries_(entries),
      in_store_(entries > 0),
      expired_(std::make_shared<FoundExpired>()) {}

StoreTable::~StoreTable() = default;

void StoreTable::Fail(const Status& failure) {
  if (!failure.ok()) context_.Fail(failure.WithContext(Describe(spec_)));
}

SlotTable::Slot StoreTable::Load(const KeyView& key, std::string_view ns) {
  SlotTable::Slot slot = cache_.Find(key, ns);
  if (slot == nullptr) {
    if (!in_store_) {
      slot = Admit(key, ns, std::nullopt);
    } else {
      std::vector<std::optional<std::string>> found(1);
      Fail(context_.store.Get({layout_.KeyPrefix(key) + std::string(ns)}, found));
      slot = Admit(key, ns, found.empty() ? std::nullopt : found[0]);
    }
  }
  SlotTable::Set(slot, SlotTable::kReferenced);
  return slot;
}

SlotTable::Slot StoreTable::Admit(const KeyView& key, std::string_view ns, const std::optional<std::string>& stored) {
  SlotTable::Slot slot = cache_.Insert(key, ns);
  if (ordered_) index_.Add(key, ns);
  if (!stored) return slot;
  std::string_view value = *stored;
  std::optional<int64_t> expiry;
  mean_encoded_ += (static_cast<int64_t>(value.size()) - mean_encoded_) / kMeanWeight;
  Fail(StoreLayout::ReadValueHead(value, expiry) ? cache_.Decode(slot, value)
                                                 : ExternalError("Malformed value in the store"));
  if (ttl_.enabled()) cache_.SetExpiry(slot, ExpiryOr(expiry));
  return slot;
}

void StoreTable::LoadEach(std::span<const KeyView> keys, std::string_view ns) {
  for (const KeyView& key : keys) cache_.Prefetch(key.hash, ns);
  std::vector<const KeyView*> missing;
  std::vector<std::string> names;
  for (const KeyView& key : keys) {
    if (cache_.Find(key, ns) != nullptr) continue;
    missing.push_back(&key);
    names.push_back(layout_.KeyPrefix(key));
    names.back() += ns;
  }
  if (missing.empty()) return;
  std::vector<std::optional<std::string>> found;
  Fail(context_.store.Get(names, found));
  found.resize(names.size());
  for (size_t i = 0; i < names.size(); ++i)
    if (cache_.Find(*missing[i], ns) == nullptr) Admit(*missing[i], ns, found[i]);  // a key may come twice
}

// What is read from the store is read together. With a TTL FindOrCreate has the last word on what is brought in.
void StoreTable::FindEach(std::span<const KeyView> keys, std::string_view ns, void** objects) {
  context_.make_room();
  last_ = nullptr;
  if (in_store_) LoadEach(keys, ns);
  if (ttl_.enabled()) return ObjectTable::FindEach(keys, ns, objects);
  for (size_t i = 0; i < keys.size(); ++i) {
    SlotTable::Slot slot = cache_.Find(keys[i], ns);
    const bool there = slot != nullptr && SlotTable::Has(slot, SlotTable::kHasObject);
    objects[i] = there ? cache_.Object(slot) : nullptr;
    if (there) SlotTable::Set(slot, SlotTable::kReferenced | SlotTable::kDirty);
  }
}

bool StoreTable::Readable(SlotTable::Slot slot) {
  if (!SlotTable::Has(slot, SlotTable::kHasObject)) return false;
  if (!ttl_.enabled()) return true;
  if (Expired(slot)) return ttl_.returns_expired();
  if (ttl_.refreshes_on_read()) {
    cache_.SetExpiry(slot, ttl_.NewExpiry());
    SlotTable::Set(slot, SlotTable::kDirty);
  }
  return true;
}

void StoreTable::Drop(SlotTable::Slot slot) {
  cache_.Destroy(slot);
  SlotTable::Set(slot, SlotTable::kDirty);
  --entries_;
}

void* StoreTable::Find(const KeyView& key, std::string_view ns) {
  context_.make_room();
  last_ = Load(key, ns);
  if (Readable(last_)) return cache_.Object(last_);
  if (SlotTable::Has(last_, SlotTable::kHasObject)) Drop(last_);
  last_ = nullptr;
  return nullptr;
}

void* StoreTable::FindOrCreate(const KeyView& key, std::string_view ns, bool* created) {
  context_.make_room();
  last_ = Load(key, ns);
  if (SlotTable::Has(last_, SlotTable::kHasObject) && Expired(last_)) Drop(last_);
  const bool is_new = !SlotTable::Has(last_, SlotTable::kHasObject);
  if (is_new) {
    cache_.Construct(last_);
    ++entries_;
  }
  MarkDirty();
  if (created != nullptr) *created = is_new;
  return cache_.Object(last_);
}

void StoreTable::MarkDirty() {
  if (last_ == nullptr) return;
  SlotTable::Set(last_, SlotTable::kDirty);
  if (ttl_.enabled()) cache_.SetExpiry(last_, ttl_.NewExpiry());
}

bool StoreTable::Erase(const KeyView& key, std::string_view ns) {
  context_.make_room();
  last_ = nullptr;
  SlotTable::Slot slot = Load(key, ns);
  if (!SlotTable::Has(slot, SlotTable::kHasObject)) return false;
  const bool live = !Expired(slot);
  Drop(slot);
  return live;
}

void* StoreTable::Show(std::string_view value, SlotTable& shown) {
  SlotTable::Slot slot = shown.Find({}, {});
  if (slot == nullptr)
    slot = shown.Insert({}, {});
  else if (SlotTable::Has(slot, SlotTable::kHasObject))
    shown.Destroy(slot);
  Status decoded = shown.Decode(slot, value);
  Fail(decoded);
  return decoded.ok() ? shown.Object(slot) : nullptr;
}

void StoreTable::ForEachOfKey(const KeyView& key, const std::function<bool(std::string_view, void*)>& visit) {
  THALWEG_CHECK(ordered_, "{} is not for ordered scans", Describe(spec_));
  context_.make_room();
  last_ = nullptr;
  static const NamespaceIndex::Set kNone;
  const NamespaceIndex::Set* indexed = index_.Of(key);
  const NamespaceIndex::Set& cached = indexed == nullptr ? kNone : *indexed;
  const std::string prefix = layout_.KeyPrefix(key);
  std::unique_ptr<KvIterator> stored = in_store_ ? context_.store.Scan(prefix) : nullptr;
  KvBatch refreshed;
  SlotTable shown(type_, false);
  auto at = cached.begin();
  for (bool more = true; more;) {
    const bool is_stored = stored != nullptr && stored->Valid();
    if (at == cached.end() && !is_stored) break;
    const std::string_view stored_ns = is_stored ? stored->key().substr(prefix.size()) : std::string_view();
    if (at != cached.end() && (!is_stored || *at <= stored_ns)) {
      if (is_stored && *at == stored_ns) stored->Next();  // the cache knows better
      SlotTable::Slot slot = cache_.Find(key, *at);
      if (Readable(slot)) more = visit(*at, cache_.Object(slot));
      ++at;
      continue;
    }
    std::string_view value = stored->value();
    std::optional<int64_t> expiry;
    if (!StoreLayout::ReadValueHead(value, expiry)) {
      Fail(ExternalError("Malformed value in the store"));
      break;
    }
    const bool expired = ttl_.enabled() && ttl_.Expired(ExpiryOr(expiry));
    if (!expired || ttl_.returns_expired())
      if (void* object = Show(value, shown)) more = visit(stored_ns, object);
    if (!expired && ttl_.enabled() && ttl_.refreshes_on_read()) {
      ByteWriter head;
      StoreLayout::AppendValueHead(true, ttl_.NewExpiry(), head);
      head.Raw(value);
      refreshed.Put(std::string(stored->key()), head.Take());
    }
    stored->Next();
  }
  if (stored != nullptr) Fail(stored->status());
  WriteBatch(refreshed);
}

void StoreTable::ForEach(const std::function<void(const KeyView&, std::string_view, void*)>& visit) {
  last_ = nullptr;
  Flush();
  SlotTable shown(type_, false);
  for (uint32_t group = context_.groups.first; group <= context_.groups.last; ++group) {
    auto stored = context_.store.Scan(layout_.Prefix(static_cast<uint16_t>(group)));
    for (; stored->Valid(); stored->Next()) {
      KeyView key;
      std::string_view ns;
      std::string_view value = stored->value();
      std::optional<int64_t> expiry;
      if (!StoreLayout::Split(stored->key(), key.group, key.bytes, ns) || !StoreLayout::ReadValueHead(value, expiry))
        return Fail(ExternalError("Malformed entry in the store"));
      if (ttl_.enabled() && ttl_.Expired(ExpiryOr(expiry))) continue;
      key.hash = Hash64(key.bytes);
      if (void* object = Show(value, shown)) visit(key, ns, object);
    }
    Fail(stored->status());
  }
}

int64_t StoreTable::cache_bytes() const {
  // 1.25: slots are about 80 % full; what is freed by erasing shows at once, so that eviction ends.
  const auto slot = static_cast<int64_t>(cache_.stride() + cache_.stride() / 4);
  const int64_t owned = type_.trivial ? 0 : mean_encoded_;
  const int64_t indexed = ordered_ ? kIndexBytes : 0;
  return static_cast<int64_t>(cache_.size()) * (slot + owned + indexed);
}

std::pair<std::string, std::optional<std::string>> StoreTable::ChangeOf(SlotTable::Slot slot) {
  std::string_view ns;
  const KeyView key = cache_.Key(slot, &ns);
  std::pair<std::string, std::optional<std::string>> change(layout_.KeyPrefix(key), std::nullopt);
  change.first += ns;
  if (!SlotTable::Has(slot, SlotTable::kHasObject)) return change;
  ByteWriter value;
  StoreLayout::AppendValueHead(ttl_.enabled(), ttl_.enabled() ? cache_.Expiry(slot) : 0, value);
  type_.encode(cache_.Object(slot), value);
  mean_encoded_ += (static_cast<int64_t>(value.size()) - mean_encoded_) / kMeanWeight;
  change.second = value.Take();
  return change;
}

void StoreTable::AppendChange(SlotTable::Slot slot, KvBatch& batch) {
  cache_.Touch(slot);  // a snapshot under way wants what is dirty
  batch.Add(ChangeOf(slot));
  SlotTable::Reset(slot, SlotTable::kDirty);
  if (batch.bytes() >= kBatchBytes) WriteBatch(batch);
}

void StoreTable::WriteBatch(KvBatch& batch) {
  if (!batch.empty()) {
    in_store_ = true;
    Fail(context_.store.Write(batch));
  }
  batch.Clear();
}

void StoreTable::Evict(int64_t limit) {
  last_ = nullptr;
  KvBatch batch;
  while (cache_.size() > 0 && cache_bytes() > limit) {
    SlotTable::Slot slot = cache_.At(hand_);
    if (slot == nullptr) {
      hand_ = {};
    } else if (SlotTable::Has(slot, SlotTable::kReferenced)) {
      SlotTable::Reset(slot, SlotTable::kReferenced);
      ++hand_.index;
    } else {
      if (SlotTable::Has(slot, SlotTable::kDirty)) AppendChange(slot, batch);
      if (ordered_) {
        std::string_view ns;
        const KeyView key = cache_.Key(slot, &ns);
        index_.Remove(key, ns);
      }
      cache_.Erase(slot);
    }
  }
  WriteBatch(batch);
}

void StoreTable::Flush() {
  KvBatch batch;
  SlotTable::Cursor cursor;
  for (; SlotTable::Slot slot = cache_.At(cursor); ++cursor.index)
    if (SlotTable::Has(slot, SlotTable::kDirty)) AppendChange(slot, batch);
  WriteBatch(batch);
}

std::unique_ptr<SnapshotPart> StoreTable::BeginSnapshot(std::shared_ptr<const KvSnapshot> stored,
                                                        const SavedBytes& held) {
  last_ = nullptr;
  StoredState::Options options{.description = Describe(spec_),
                               .layout = layout_,
                               .groups = context_.groups,
                               .with_expiry = ttl_.enabled(),
                               .opened_expiry_ms = opened_expiry_ms_,
                               .now_ms = context_.clock.NowMs(),
                               .expired = expired_};
  return std::make_unique<TableSaver>(std::move(options), std::move(stored), *this, held);
}

void StoreTable::CleanUp(int64_t& budget) {
  while (budget > 0) {
    const std::vector<std::string> keys = expired_->Take(kCleanedTogether);
    if (keys.empty()) return;
    budget -= kCleanUpCost * static_cast<int64_t>(keys.size());
    std::vector<std::optional<std::string>> found(keys.size());
    Fail(context_.store.Get(keys, found));
    KvBatch batch;
    for (size_t i = 0; i < keys.size() && i < found.size(); ++i) {
      KeyView key;
      std::string_view ns;
      if (!StoreLayout::Split(keys[i], key.group, key.bytes, ns)) continue;
      key.hash = Hash64(key.bytes);
      if (SlotTable::Slot slot = cache_.Find(key, ns)) {  // the cache knows better
        if (SlotTable::Has(slot, SlotTable::kHasObject) && Expired(slot)) Drop(slot);
        continue;
      }
      if (!found[i]) continue;
      std::string_view value = *found[i];
      std::optional<int64_t> expiry;
      if (!StoreLayout::ReadValueHead(value, expiry) || !ttl_.Expired(ExpiryOr(expiry))) continue;
      batch.Delete(keys[i]);
      --entries_;
    }
    WriteBatch(batch);
  }
}

}  // namespace thalweg::state
