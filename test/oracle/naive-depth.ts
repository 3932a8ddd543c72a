// What a side of the book shows by price: "Depth" in docs/engine.md.
import { least } from './naive-amounts.ts';
import { openOf, type Order } from './naive-orders.ts';
import type { DepthLine, Side } from './naive-types.ts';

/** One level; 0 lots when nothing rests there. */
export function levelOf(side: Side, price: bigint, orders: readonly Order[]): DepthLine {
  const level = orders.filter(({ limit }) => limit === price);
  const total = level.reduce((sum, order) => sum + openOf(order), 0n);
  return [side, Number(price), Number(least(total, BigInt(Number.MAX_SAFE_INTEGER)))];
}

/** All levels of a side by rising price. */
export function depthOf(side: Side, orders: readonly Order[]): DepthLine[] {
  const prices = [...new Set(orders.map(({ limit }) => limit))];
  prices.sort((a, b) => (a < b ? -1 : 1));
  return prices.map((price) => levelOf(side, price, orders));
}
