// The rows of the event buffer: their kinds, and how long they are.

/** Every row begins with its kind and its time. */
export const OPENED = 1;
export const TRADE = 2;
export const REDUCED = 3;
export const ENDED = 4;
export const AMENDED = 5;
export const REFUSED = 6;
export const CONFIGURED = 7;
export const ARMED = 8;
export const TRIGGERED = 9;
export const PREVENTED = 10;
export const DEADMAN_SET = 11;
export const DEADMAN_FIRED = 12;
export const USER_BLOCKED = 13;
export const PHASE_CHANGED = 14;
export const INDICATIVE = 15;
export const UNCROSSED = 16;
export const PEGGED = 17;

/** Doubles of a row by kind. */
export const ROW_DOUBLES = [0, 7, 18, 9, 11, 14, 7, 2, 8, 5, 11, 5, 4, 5, 6, 5, 4, 9] as const;

/** In place of an index into `texts`: the amount follows from the row's numbers. */
export const BY_FORMULA = -1;
