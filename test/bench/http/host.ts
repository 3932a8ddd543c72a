// Ours: the same order through the host, with every check, limit, id, trace and metric it has.
import { defineFunction, route } from '../../../shared/function/definition.ts';
import { hostFunction } from '../../../shared/function/host.ts';
import { open } from '../../../shared/policy/policy.ts';
import { createLogger } from '../../../shared/telemetry/logger.ts';
import { ORDER_PATH, orderSchema } from './order-body.ts';
import { reportTo } from './serve.ts';

const placeOrder = route({
  method: 'POST',
  path: ORDER_PATH,
  policy: open(),
  summary: 'Echoes an order.',
  body: orderSchema,
  answers: { 201: orderSchema },
  refusals: [],
  handle: (request) => Promise.resolve({ status: 201, body: request.body }),
});

const definition = defineFunction<null>({
  name: 'bench',
  routes: [placeOrder],
  events: [],
  connect: () => Promise.resolve(null),
  close: () => Promise.resolve(),
  isReady: () => Promise.resolve(true),
});

const hosted = await hostFunction(definition, {
  log: createLogger({ service: 'bench', level: 'info' }),
  port: 0,
  hostname: '127.0.0.1',
});

reportTo(hosted.port);
