// What never changes about a resting order, packed into one word: side, kind, self-trade mode and
// which pair of fee rates it was placed with.
import type { SideCode } from './codes.ts';

const GTD_BIT = 2;
const POST_ONLY_BIT = 4;
const EXPIRES_BIT = 8;
const MODE_SHIFT = 4;
const MODE_MASK = 7;
const RATES_SHIFT = 7;

/** A rate pair's number has 24 bits, so that the word stays positive. */
export const RATES_MAX = 1 << 24;

export function packTerms(
  side: SideCode,
  isGtd: boolean,
  isPostOnly: boolean,
  expires: boolean,
  mode: number,
  rates: number,
): number {
  return (
    side |
    (isGtd ? GTD_BIT : 0) |
    (isPostOnly ? POST_ONLY_BIT : 0) |
    (expires ? EXPIRES_BIT : 0) |
    (mode << MODE_SHIFT) |
    (rates << RATES_SHIFT)
  );
}

export function sideOf(terms: number): SideCode {
  return (terms & 1) as SideCode;
}

export function isGtd(terms: number): boolean {
  return (terms & GTD_BIT) !== 0;
}

export function isPostOnly(terms: number): boolean {
  return (terms & POST_ONLY_BIT) !== 0;
}

export function expires(terms: number): boolean {
  return (terms & EXPIRES_BIT) !== 0;
}

export function modeOf(terms: number): number {
  return (terms >>> MODE_SHIFT) & MODE_MASK;
}

export function ratesOf(terms: number): number {
  return terms >>> RATES_SHIFT;
}
