// What all servers of this benchmark take: an order of 120 bytes, checked by one schema.
import { z } from 'zod';

const decimal = z.string().regex(/^(0|[1-9][0-9]{0,19})(\.[0-9]{1,18})?$/);

export const orderSchema = z.strictObject({
  market: z.string().regex(/^[A-Z0-9]{2,10}-[A-Z0-9]{2,10}$/),
  side: z.enum(['buy', 'sell']),
  type: z.enum(['limit', 'market']),
  price: decimal,
  quantity: decimal,
  clientOrderId: z.string().regex(/^[A-Za-z0-9_-]{1,36}$/),
});

export const ORDER_TEXT = JSON.stringify({
  market: 'BTC-USD',
  side: 'buy',
  type: 'limit',
  price: '30000.25',
  quantity: '0.12345678',
  clientOrderId: 'bench-000001',
});

export const ORDER_PATH = '/v1/orders';
