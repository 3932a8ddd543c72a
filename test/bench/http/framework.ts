// The peer: the functions framework as its manual uses it.
import { http } from '@google-cloud/functions-framework';
import { getTestServer } from '@google-cloud/functions-framework/testing';
import { orderSchema } from './order-body.ts';
import { listen, reportTo } from './serve.ts';

http('bench', (request, response) => {
  response.status(201).json(orderSchema.parse(request.body));
});

reportTo(await listen(getTestServer('bench')));
