// What an exchange under test runs where nobody signs up: the functions that take, match and settle
// orders and tell of them, and the one that issues tokens. For `npm run dev -- --only`.
export const TRADING = 'auth,fees,ledger,market-data,orders,risk,settlement';
