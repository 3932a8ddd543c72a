// The command `configure_market`: configuration and status come through the log like anything else.
import type { ConfigureMarketCommand } from '../../shared/events/commands.ts';
import type { BookState } from './book-state.ts';
import { findRules, hasSameUnits } from './market-rules.ts';

export function configureMarket(book: BookState, command: ConfigureMarketCommand): void {
  const { config, status } = command;
  const present = book.rules?.config;
  if (config.market !== book.market) return;
  if (present !== undefined) {
    if (config.version <= present.version) return;
    if (book.openOrders > 0 && !hasSameUnits(present, config)) return;
  }
  const rules = findRules(config, status);
  if (rules === null) return;
  book.setRules(rules);
  book.events.configured(rules);
}
