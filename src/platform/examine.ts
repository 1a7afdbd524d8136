/** Looks whether this machine has something that dit needs. */
import { DitError, messageOf } from '../base/errors.js';
import type { Feature } from '../model/checks/feature.js';

export type Found = Pick<Feature, 'available' | 'evidence'> & { readonly remedy?: string };

/** One of the things to look for. */
export interface Probe {
  readonly id: string;
  readonly title: string;
  readonly required: boolean;
  readonly find: () => Found | Promise<Found>;
}

/** Looks; one that throws is a capability that is missing, with the error's words and remedy. */
export async function examine({ find, ...probe }: Probe): Promise<Feature> {
  try {
    const { available, evidence, remedy = '' } = await find();
    return { ...probe, available, evidence, remedy: available ? '' : remedy };
  } catch (error) {
    const remedy = error instanceof DitError ? (error.remedy ?? '') : '';
    return { ...probe, available: false, evidence: messageOf(error), remedy };
  }
}
