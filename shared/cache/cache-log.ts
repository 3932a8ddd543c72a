// What a cache logs through: pino, or anything with its way of being called.

export interface CacheLog {
  debug(facts: object, message: string): void;
  info(facts: object, message: string): void;
  warn(facts: object, message: string): void;
  error(facts: object, message: string): void;
}
