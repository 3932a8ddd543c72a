// What is printed when the exchange trades: addresses, users, and commands to paste that trade.
import type { EmulatorState } from './state.ts';
import { SEEDED_FUNDS, SEEDED_USERS } from './seed/accounts.ts';
import { DEVELOPMENT_PASSWORD } from './seed/users.ts';

export function readyText(state: EmulatorState, tookMs: number): string {
  const users = Object.entries(SEEDED_USERS).map(([name, id]) => {
    const funds = Object.entries(SEEDED_FUNDS[name as keyof typeof SEEDED_USERS]);
    const has = funds.map(([asset, amount]) => `${amount} ${asset}`).join(', ');
    return `  ${name.padEnd(6)} ${id}  ${has}`;
  });
  const services = state.services.map((each) => {
    const visibility = each.clusterLocal ? ' (cluster-local)' : '';
    return `  ${each.name.padEnd(12)} http://${each.address ?? ''}${visibility}`;
  });
  const port = new URL(state.publicUrl).port;
  return `
The exchange trades. Ready in ${(tookMs / 1000).toFixed(1)} s.

  public       ${state.publicUrl}     (each function also under <name>.bourse.localhost:${port})
  API          ${state.publicUrl}/docs     (as OpenAPI: /v1/openapi.json)
  emulator     ${state.ownUrl}     (inspector, tokens, faults)
  staff        ${state.adminUrl}     (the admin host: npm run admin -- staff create)
${services.join('\n')}

Users (sign in: <name>@example.test, "${DEVELOPMENT_PASSWORD}")
${users.join('\n')}

Trade (paste all of it):

${tradeLines(state.publicUrl, state.ownUrl)}

Ctrl-C stops everything; the data stays in ${state.dataDir}.
`;
}

/** A sell by alice and a buy by bob that meet, and what bob has afterwards. */
export function tradeLines(publicUrl: string, ownUrl: string): string {
  const token = (name: string): string =>
    `${name.toUpperCase()}=$(curl -s ${ownUrl}/tokens -H 'content-type: application/json' ` +
    `-d '{"user":"${name}"}' | sed 's/.*"token":"\\([^"]*\\)".*/\\1/')`;
  const order = (name: string, side: string): string =>
    `curl -sw '\\n' ${publicUrl}/v1/orders -H "authorization: Bearer $${name.toUpperCase()}" ` +
    `-H 'content-type: application/json' -H 'prefer: wait=5' \\\n` +
    `  -d '{"market":"BTC-USD","side":"${side}","type":"limit","price":"30000","quantity":"0.5"}'`;
  return [
    token('alice'),
    token('bob'),
    order('alice', 'sell'),
    order('bob', 'buy'),
    `curl -sw '\\n' ${publicUrl}/v1/balances -H "authorization: Bearer $BOB"`,
  ].join('\n');
}
