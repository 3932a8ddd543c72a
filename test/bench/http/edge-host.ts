// The order of this benchmark as a private route: with a token check and allowances, or without,
// as the environment of the process says.
import { defineFunction, route } from '../../../shared/function/definition.ts';
import { hostFunction } from '../../../shared/function/host.ts';
import { open, trades } from '../../../shared/policy/policy.ts';
import { processEnvironment } from '../../../shared/config/environment.ts';
import { createLogger } from '../../../shared/telemetry/logger.ts';
import { ORDER_PATH, orderSchema } from './order-body.ts';
import { reportTo } from './serve.ts';

const isPrivate = processEnvironment()['BENCH_PRIVATE'] === 'yes';

const placeOrder = route({
  method: 'POST',
  path: ORDER_PATH,
  policy: isPrivate ? trades() : open({ quota: 'order' }),
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
