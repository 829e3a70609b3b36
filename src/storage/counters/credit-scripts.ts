// The steps on a key's credits that must not be torn apart. All keys of a script share one slot of a cluster.

/**
 * KEYS: counter, ledgers. ARGV: cost, ledger id, seconds that the ledgers live. Yields {0 absent | 1 short | 2 taken,
 * balance}. A counter that holds no number is of no use to anybody and is dropped.
 */
export const SPEND = `
local balance = tonumber(redis.call('GET', KEYS[1]) or '')
if not balance then
  redis.call('DEL', KEYS[1])
  return {0, 0}
end
local cost = tonumber(ARGV[1])
if balance < cost then
  return {1, balance}
end
if cost == 0 then
  return {2, balance}
end
redis.call('HINCRBY', KEYS[2], ARGV[2], ARGV[1])
redis.call('EXPIRE', KEYS[2], ARGV[3])
return {2, redis.call('DECRBY', KEYS[1], ARGV[1])}
`;

/**
 * KEYS: counter, hydration, ledgers. ARGV: fresh token, seconds that it is good for. Yields {token, [id, spent, …]}, or
 * nothing when there is a counter. Hydrations that overlap share the token: the first to finish makes it void.
 */
export const BEGIN_HYDRATION = `
if redis.call('EXISTS', KEYS[1]) == 1 then
  return false
end
local token = redis.call('GET', KEYS[2])
if not token then
  token = ARGV[1]
  redis.call('SET', KEYS[2], token, 'EX', ARGV[2])
end
return {token, redis.call('HGETALL', KEYS[3])}
`;

/** KEYS: counter, hydration, ledgers. ARGV: token, balance, seconds that the counter lives, ledgers to strike. Yields 1 or 0. */
export const FINISH_HYDRATION = `
if redis.call('GET', KEYS[2]) ~= ARGV[1] then
  return 0
end
redis.call('DEL', KEYS[2])
for i = 4, #ARGV do
  redis.call('HDEL', KEYS[3], ARGV[i])
end
if redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3], 'NX') then
  return 1
end
return 0
`;

/** KEYS: keys of a process. ARGV: key id, seconds that the list lives. */
export const ENLIST = `
redis.call('SADD', KEYS[1], ARGV[1])
redis.call('EXPIRE', KEYS[1], ARGV[2])
`;

/**
 * KEYS: processes by their last beat. ARGV: process id, milliseconds after which a silent process is forgotten. Yields 1
 * for one that was not known. The server's clock is used, so that those of the nodes need not agree.
 */
export const BEAT = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[2])
local isNew = redis.call('ZADD', KEYS[1], now, ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return isNew
`;

/** KEYS: processes by their last beat. ARGV: milliseconds of silence. Yields the ids of those that were silent so long. */
export const LAPSED = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
return redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[1])
`;
