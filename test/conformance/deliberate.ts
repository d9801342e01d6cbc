/** Where our judge answers otherwise than Kayenta's on purpose: id of the vector → why. */
export const deliberate: Readonly<Record<string, string>> = {
  'judge-06-weights-above-100':
    'weights of 150 in all would let the canary pass with a failing group: the config is refused',
  'judge-36-infinite':
    'one infinite value of the canary would hide that it is ten times higher: infinite values are left out',
  'promquery-05': 'a value outside quotes is refused but for letters, digits and _ : .',
  'promquery-10': 'likewise',
  'promquery-11': 'likewise',
};

/** Vectors that ask something our judge does not have: id → why. */
export const withoutCounterpart: Readonly<Record<string, string>> = {
  'classifier-35': 'Kayenta’s judge does not use this classifier (a mean above or below another)',
  'classifier-36': 'likewise',
  'classifier-37': 'likewise',
  'classifier-35-detail': 'likewise',
  'classifier-36-detail': 'likewise',
  'classifier-37-detail': 'likewise',
};

/** Kinds of vectors that our judge has no counterpart of: kind → why. */
export const kindsWithoutCounterpart: Readonly<Record<string, string>> = {
  cohenD: 'Kayenta’s judge does not use this effect size',
  kSigmaDetect: 'Kayenta’s judge does not use this detector',
  removeOutliersKSigma: 'likewise',
  addGaussianNoise: 'two constant arms are judged by their difference, without random noise',
  gaussianSample: 'likewise',
  mapGet: 'a config is read strictly, not by looking up keys that may be there',
  mapGetAsDouble: 'likewise',
  judgementWindow: 'about when to judge, not how',
  judgementScopes: 'likewise',
  aggregatedJudgement: 'about several judgements, not one',
  mixMetricSets: 'about fetching series, before they are judged',
};
