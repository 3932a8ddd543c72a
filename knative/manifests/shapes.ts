// The parts of each kind that the emulator reads. Not the whole schema: that is the CRD's business.
import { z } from 'zod';

const keyRefSchema = z.object({
  name: z.string(),
  key: z.string(),
  optional: z.boolean().optional(),
});

export const envVarSchema = z.object({
  name: z.string(),
  value: z.string().optional(),
  valueFrom: z
    .object({
      secretKeyRef: keyRefSchema.optional(),
      configMapKeyRef: keyRefSchema.optional(),
      fieldRef: z.object({ fieldPath: z.string() }).optional(),
    })
    .optional(),
});

export type EnvVar = z.infer<typeof envVarSchema>;

const containersSchema = z
  .array(
    z.object({
      env: z.array(envVarSchema).default([]),
      envFrom: z
        .array(z.strictObject({ configMapRef: z.object({ name: z.string() }) }))
        .default([]),
    }),
  )
  .min(1);

export const serviceSchema = z.object({
  metadata: z.object({ labels: z.record(z.string(), z.string()).default({}) }),
  spec: z.object({
    template: z.object({
      spec: z.object({
        containerConcurrency: z.int().min(0).max(1000).optional(),
        timeoutSeconds: z.int().min(1).optional(),
        containers: containersSchema,
      }),
    }),
  }),
});

export const statefulSetSchema = z.object({
  spec: z.object({
    replicas: z.int().min(1).optional(),
    template: z.object({ spec: z.object({ containers: containersSchema }) }),
  }),
});

/** More members than partitions are idle; a typing error must not open a thousand. */
const CONSUMERS_MAX = 64;

const destinationSchema = z.object({
  ref: z
    .object({
      apiVersion: z.string().optional(),
      kind: z.string(),
      name: z.string(),
      namespace: z.string().optional(),
    })
    .optional(),
  uri: z.string().optional(),
});

export const deliverySchema = z.object({
  retry: z.int().min(0).optional(),
  backoffPolicy: z.enum(['linear', 'exponential']).optional(),
  backoffDelay: z.string().optional(),
  timeout: z.string().optional(),
  deadLetterSink: destinationSchema.optional(),
});

export const kafkaSourceSchema = z.object({
  metadata: z.object({ labels: z.record(z.string(), z.string()).default({}) }),
  spec: z.object({
    topics: z.array(z.string()).min(1),
    consumerGroup: z.string().optional(),
    initialOffset: z.enum(['earliest', 'latest']).optional(),
    ordering: z.enum(['ordered', 'unordered']).optional(),
    consumers: z.int().min(1).max(CONSUMERS_MAX).optional(),
    delivery: deliverySchema.optional(),
    sink: destinationSchema,
    ceOverrides: z.object({ extensions: z.record(z.string(), z.string()).default({}) }).optional(),
  }),
});

export const kafkaSinkSchema = z.object({ spec: z.object({ topic: z.string() }) });

export const httpRouteSchema = z.object({
  spec: z.object({
    parentRefs: z.array(z.object({ name: z.string() })).min(1),
    rules: z.array(
      z.object({
        matches: z
          .array(
            z.object({
              path: z.object({
                type: z.enum(['PathPrefix', 'Exact']).default('PathPrefix'),
                value: z.string().startsWith('/'),
              }),
            }),
          )
          .min(1),
        filters: z
          .array(
            z.object({
              type: z.string(),
              urlRewrite: z.object({ hostname: z.string().optional() }).optional(),
            }),
          )
          .default([]),
        backendRefs: z.array(z.object({ name: z.string() })).min(1),
      }),
    ),
  }),
});

export const authorizationPolicySchema = z.object({
  spec: z.object({
    action: z.enum(['ALLOW', 'DENY', 'AUDIT', 'CUSTOM']).default('ALLOW'),
    rules: z
      .array(
        z.object({
          to: z
            .array(z.object({ operation: z.object({ paths: z.array(z.string()).default([]) }) }))
            .default([]),
        }),
      )
      .default([]),
  }),
});

export const configMapSchema = z.object({ data: z.record(z.string(), z.string()).default({}) });
