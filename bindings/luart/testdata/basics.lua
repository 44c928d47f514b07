-- Behaviour of the modules together, in the form scripts use them.
local mask = u64"0xffffffffffffffff"
assert(mask:hex() == "0xffffffffffffffff")
assert(mask + 1 == u64(0), "wraps around")
assert(bit.band(mask, 0xff) == 255)
assert(bit.bnot(0) == -1)

local seen = {}
seen[u64(7)] = "seven"
assert(seen[u64"0x7"] == "seven", "equal words are equal keys")

local r = rng(42)
for _ = 1, 1000 do
  local n = r:int(3, 5)
  assert(n >= 3 and n <= 5)
end

local date = re[[^(\d+)-(\d+)-(\d+)$]]
local y, m, d = date:match("2024-02-29")
assert(y == "2024" and m == "02" and d == "29")
assert(not date:test("x"))

local text = json.encode{list = json.array{}, n = u64"18446744073709551615", s = "a\255"}
assert(text == [[{"list":[],"n":18446744073709551615,"s":"a\\xff"}]], text)
local back = json.decode(text)
assert(back.n == u64"18446744073709551615")

assert(O_CREAT == 64 or O_CREAT == 256)
