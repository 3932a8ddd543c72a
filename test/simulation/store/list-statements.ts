// Order lists: what the orders function writes of them, and reads of a user's own.
import type { ListRow } from '../../../functions/orders/store/lists.ts';
import { ORDERS, type OrderRow } from './orders-statements.ts';
import { withUnits } from './projection-statements.ts';
import { jsonOf, numbersOf, type Statement, violation } from './statement.ts';

export const LISTS = 'orders.order_lists';

export const LIST_STATEMENTS: readonly Statement[] = [
  {
    pattern: /INSERT INTO orders\.order_lists/,
    run: ({ view, values }) => {
      for (const row of jsonOf(values[0]) as ListRow[]) {
        const name = String(row.listNumber);
        if (view.find(LISTS, name) !== null) throw violation('order_lists_pkey');
        view.put(LISTS, name, row);
      }
      return [];
    },
  },
  {
    pattern: /FROM orders\.own_order_lists l\s+WHERE l\.user_number = \$1 AND l\.list_number = \$2/,
    run: ({ view, values }) => {
      const row = view.find<ListRow>(LISTS, String(values[1]));
      return row !== null && row.userNumber === values[0] ? [row] : [];
    },
  },
  {
    pattern: /^SELECT o\.list_number AS "listNumber" FROM orders\.own_orders o/,
    run: ({ view, values }) => {
      const row = view.find<OrderRow>(ORDERS, String(values[1]));
      return row !== null && row.userNumber === values[0] ? [{ listNumber: row.listNumber }] : [];
    },
  },
  {
    pattern: /WHERE o\.user_number = \$1 AND o\.list_number = ANY/,
    run: ({ view, values }) => {
      const lists = new Set(numbersOf(values[1]));
      const isListed = ({ userNumber, listNumber }: OrderRow): boolean =>
        userNumber === values[0] && listNumber !== null && lists.has(listNumber);
      return view
        .scan(ORDERS, isListed)
        .map(([, row]) => row)
        .sort((a, b) => a.orderNumber - b.orderNumber)
        .map((row) => withUnits(view, row));
    },
  },
];
