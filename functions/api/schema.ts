// The shapes of what tells about the API.
import { z } from 'zod';

export const noQuery = z.strictObject({});

export const documentAnswer = z
  .looseObject({ openapi: z.literal('3.1.0'), paths: z.looseObject({}) })
  .meta({ examples: [{ openapi: '3.1.0', info: { title: 'Bourse', version: '1' }, paths: {} }] });

export const pageAnswer = z
  .string()
  .meta({ examples: ['<!doctype html><html lang="en"><title>Bourse API</title></html>'] });
