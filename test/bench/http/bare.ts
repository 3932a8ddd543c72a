// The floor: node:http with nothing on it but the parsing.
import { createServer } from 'node:http';
import { orderSchema } from './order-body.ts';
import { listen, reportTo } from './serve.ts';

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const order = orderSchema.parse(JSON.parse(Buffer.concat(chunks).toString('utf8')));
    const text = JSON.stringify(order);
    response.writeHead(201, {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(text),
    });
    response.end(text);
  });
});

reportTo(await listen(server));
