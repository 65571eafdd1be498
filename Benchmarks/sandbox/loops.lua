-- Pure computing, the same text in the sandbox and in plain Lua. Each gives a number that both must agree on.
local function fibonacci(n) if n < 2 then return n end return fibonacci(n - 1) + fibonacci(n - 2) end

local function sieve(n)
  local composite, count = {}, 0
  for i = 2, n do
    if not composite[i] then
      count = count + 1
      for k = i * i, n, i do composite[k] = true end
    end
  end
  return count
end

local function words(n)
  local parts, sum = {}, 0
  for i = 1, n do parts[#parts + 1] = string.format("%d:%s", i, ("x"):rep(i % 7)) end
  for number in table.concat(parts, ","):gmatch("(%d+):") do sum = sum + tonumber(number) end
  return sum
end

return fibonacci(30) + sieve(1000000) + words(100000)
