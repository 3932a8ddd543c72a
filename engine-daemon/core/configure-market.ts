// The command `configure_market`: configuration, status and schedule come through the log like
// anything else.
import { mayFollow } from '../../shared/domain/market.ts';
import type { ConfigureMarketCommand } from '../../shared/events/commands.ts';
import type { BookState } from './book-state.ts';
import { findRules, hasSameUnits } from './market-rules.ts';
import { enterStatus } from './phases.ts';

export function configureMarket(book: BookState, command: ConfigureMarketCommand): void {
  const { config, status, schedule } = command;
  const present = book.rules?.config;
  if (config.market !== book.market) return;
  if (present !== undefined) {
    if (config.version <= present.version) return;
    if (book.openOrders > 0 && !hasSameUnits(present, config)) return;
  }
  if (!mayFollow(book.rules?.status ?? null, status)) return;
  const rules = findRules(config, status);
  if (rules === null) return;
  book.setRules(rules);
  book.schedule = schedule ?? [];
  book.interrupted = null;
  book.events.configured(rules);
  enterStatus(book, status);
}
