import Joi from 'joi';
import { anyInteger, integer } from './integers.ts';

const interval = (): Joi.StringSchema =>
  Joi.string()
    .valid('daily', 'monthly')
    .required()
    .description('How often credits are set back.')
    .example('monthly');

/** A refill as a request sets it. Which intervals take a `refillDay` is each operation's own rule. */
function refillInput(): Joi.ObjectSchema {
  return Joi.object({
    interval: interval(),
    amount: integer(1).required().description('Balance after a refill.').example(1000),
    refillDay: integer(1, 31)
      .description('Day of the month for a monthly refill; the last day in shorter months.')
      .example(1),
  }).description('Sets the balance back at regular times.');
}

/** Credits of a key to be created. */
export function creditsInput(): Joi.ObjectSchema {
  return Joi.object({
    remaining: integer(0).allow(null).required().description('Balance; null = unlimited.').example(1000),
    refill: refillInput(),
  }).description('How often the key may be used. Unlimited when left out.');
}

/** Credits of a key to be changed: what is left out stays, null clears. */
export function creditsPatch(): Joi.ObjectSchema {
  return Joi.object({
    remaining: integer(0)
      .allow(null)
      .description('New balance; null = unlimited, which also removes the refill.')
      .example(500),
    refill: refillInput().allow(null).description('New refill; null removes it.'),
  })
    .allow(null)
    .description('Credits to change; null makes the key unlimited and removes the refill.');
}

/** Credits of a limited key. */
export function creditsData(): Joi.ObjectSchema {
  return Joi.object({
    remaining: anyInteger().allow(null).required().description('Balance; null = unlimited.').example(999),
    refill: Joi.object({
      interval: interval(),
      amount: anyInteger().required().example(1000),
      refillDay: anyInteger().description('Only for monthly refills.').example(1),
    }).description('Present when a refill is set.'),
  }).description('Present for keys with limited use. May trail the newest verifications briefly.');
}
