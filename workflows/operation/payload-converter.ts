import { defaultPayloadConverter, type Payload, type PayloadConverter } from '@temporalio/common';

/**
 * Temporal's own converter, but what can not be decoded becomes `{malformed: reason}` instead of an error: anyone may send any bytes
 * with a signal, and an error while a signal is decoded would make the workflow task retry for ever. Inputs and signals are judged
 * after decoding, and this is refused there as any other wrong shape is.
 */
export const payloadConverter: PayloadConverter = {
  toPayload: (value, context) => defaultPayloadConverter.toPayload(value, context),
  fromPayload<Value>(payload: Payload, context: Parameters<PayloadConverter['fromPayload']>[1]): Value {
    try {
      return defaultPayloadConverter.fromPayload<Value>(payload, context);
    } catch (error) {
      return { malformed: error instanceof Error ? error.message.slice(0, 200) : 'can not be decoded' } as Value;
    }
  },
};
