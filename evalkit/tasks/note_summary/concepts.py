"""What a visit can be about: problems, drugs, measurements, orders, with the ways in which notes and talks name them.

A concept has one name and many wordings. Wordings are matched as whole words in small letters, the longest first. The
list is that of the generated visits and of what public visits talk about most; a concept that is not here is not seen,
and `evalkit.tasks.note_summary.metrics` says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

Kind = Literal["problem", "drug", "measure", "order", "allergy", "habit", "follow_up"]


def _wordings(text: str) -> dict[str, tuple[str, ...]]:
    """``name: wording, wording`` a line; a name is a wording of itself."""
    found = {}
    for line in text.strip().splitlines():
        name, _, more = line.strip().partition(":")
        found[name] = (name, *(word.strip() for word in more.split(",") if word.strip()))
    return found


SIDED: Final = (
    "knee pain", "knee swelling", "shoulder pain", "hip pain", "ankle pain", "ankle swelling", "wrist pain",
    "elbow pain", "ear pain", "foot pain", "foot numbness", "hand numbness", "leg swelling", "leg weakness",
    "arm weakness", "flank pain", "hearing loss", "eye redness", "knee injury", "ankle sprain",
    "carpal tunnel syndrome", "rotator cuff tear",
)  # fmt: skip
"""Problems that are on a side."""

PROBLEMS: Final = _wordings("""
knee pain: pain in the knee, knee hurts, knee is hurting, sore knee, pain of the knee, gonalgia
knee swelling: swelling of the knee, knee is swollen, swollen knee, swelling in the knee
shoulder pain: pain in the shoulder, shoulder hurts, pain of the shoulder, sore shoulder
hip pain: pain in the hip, hip hurts, pain of the hip
ankle pain: pain in the ankle, ankle hurts, pain of the ankle
ankle swelling: swelling of the ankle, ankle is swollen, swollen ankle
wrist pain: pain in the wrist, wrist hurts, pain of the wrist
elbow pain: pain in the elbow, elbow hurts, pain of the elbow
ear pain: earache, pain in the ear, ear hurts, otalgia
foot pain: pain in the foot, foot hurts, pain of the foot
foot numbness: numbness in the foot, numbness of the foot, foot is numb, numb foot
hand numbness: numbness in the hand, numbness of the hand, hand is numb, numb hand
leg swelling: swelling of the leg, leg is swollen, swollen leg, leg edema
leg weakness: weakness in the leg, weakness of the leg, leg is weak, weak leg
arm weakness: weakness in the arm, weakness of the arm, arm is weak
flank pain: pain in the flank, flank hurts, pain of the flank
hearing loss: loss of hearing, hard of hearing
eye redness: red eye, redness of the eye, eye is red
knee injury: injury of the knee, injured knee
ankle sprain: sprained ankle, sprain of the ankle
carpal tunnel syndrome: carpal tunnel
rotator cuff tear: torn rotator cuff, tear of the rotator cuff
back pain: pain in the back, low back pain, lower back pain, back hurts, lumbago
neck pain: pain in the neck, neck hurts, stiff neck
chest pain: pain in the chest, chest tightness, chest hurts, chest pains
abdominal pain: belly pain, stomach pain, stomach ache, pain in the belly, belly hurts
headache: headaches, head hurts
fever: fevers, febrile, running a temperature, high temperature
chills: shaking chills
cough: coughing, coughs
shortness of breath: short of breath, out of breath, dyspnea, trouble breathing, sob
dizziness: dizzy, lightheaded, lightheadedness
nausea: nauseous, sick to the stomach, nauseated
vomiting: throwing up, vomits, vomited
diarrhea: loose stools, loose bowel movements
constipation: constipated
rash: rashes, skin rash
fatigue: tired, tiredness, worn out, exhausted
weight loss: losing weight, lost weight
night sweats: sweating at night, sweats at night
palpitations: heart racing, racing heart, heart pounding
blood in urine: hematuria, bloody urine
blood in stool: bloody stool, bloody stools, melena, rectal bleeding
sore throat: throat hurts, pain in the throat
trouble sleeping: insomnia, cannot sleep, can't sleep, poor sleep
depression: depressed, depressive disorder, feeling down
anxiety: anxious, anxiety disorder
hypertension: high blood pressure, htn
diabetes: type 2 diabetes, type two diabetes, diabetes mellitus, sugar diabetes, diabetic
hyperlipidemia: high cholesterol, dyslipidemia
asthma: asthmatic
copd: chronic obstructive pulmonary disease, emphysema
heart failure: congestive heart failure, chf
coronary artery disease: cad, blocked heart artery
atrial fibrillation: afib, a-fib
heart attack: myocardial infarction
stroke: strokes, cerebrovascular accident
chronic kidney disease: kidney disease, ckd
hypothyroidism: underactive thyroid, low thyroid
gout: gouty arthritis
arthritis: osteoarthritis
reflux: gerd, acid reflux, heartburn
migraine: migraines
anemia: anemic, low blood count
breast cancer: cancer of the breast
colon cancer: cancer of the colon, bowel cancer
pneumonia: lung infection
urinary tract infection: uti, bladder infection
kidney stones: kidney stone, nephrolithiasis
""")

DRUGS: Final = _wordings("""
lisinopril: zestril, prinivil
amlodipine: norvasc
metoprolol: lopressor, toprol
losartan: cozaar
hydrochlorothiazide: hctz, water pill
furosemide: lasix
metformin: glucophage
glipizide: glucotrol
insulin glargine: lantus
atorvastatin: lipitor
simvastatin: zocor
levothyroxine: synthroid
omeprazole: prilosec
pantoprazole: protonix
albuterol: ventolin
prednisone: deltasone
ibuprofen: advil, motrin
naproxen: aleve
acetaminophen: tylenol
tramadol: ultram
gabapentin: neurontin
sertraline: zoloft
citalopram: celexa
amoxicillin: amoxil
azithromycin: zithromax, z-pak
doxycycline: vibramycin
allopurinol: zyloprim
warfarin: coumadin
apixaban: eliquis
aspirin: baby aspirin
sumatriptan: imitrex
diclofenac: voltaren
""")

MEASURES: Final = _wordings("""
blood pressure: bp
heart rate: pulse
temperature: temp
oxygen saturation: o2 sat, oxygen level, spo2, pulse ox
hemoglobin a1c: a1c, hba1c
hemoglobin: hgb
creatinine: serum creatinine
potassium: serum potassium
tsh: thyroid stimulating hormone
ldl: ldl cholesterol, bad cholesterol
white count: white blood cell count, wbc, white cell count
platelets: platelet count
weight: body weight
""")

ORDERS: Final = _wordings("""
x-ray: x-rays, xray, plain film, radiograph
mri: magnetic resonance imaging
ct scan: ct, cat scan
ultrasound: sonogram
echocardiogram: echo
ekg: ecg, electrocardiogram
blood work: blood tests, labs, lab work
physical therapy: physiotherapy
colonoscopy:
stress test: treadmill test
cardiology referral: refer to cardiology, see a cardiologist, referral to cardiology, referred to cardiology
orthopedics referral: refer to orthopedics, see an orthopedist, referral to orthopedics, referred to orthopedics
dermatology referral: refer to dermatology, see a dermatologist, referral to dermatology, referred to dermatology
sleep study:
flu shot: influenza vaccine, flu vaccine
""")

ALLERGENS: Final = _wordings("""
penicillin: penicillins
sulfa: sulfa drugs, sulfonamides
codeine:
latex:
contrast dye: iodine contrast, iv contrast
shellfish: shrimp
peanuts: peanut
""")

HABITS: Final = _wordings("""
smoking: smokes, smoke, smoker, cigarettes, tobacco
alcohol: drinks, drinking, drink, wine, beer
exercise: exercises, working out, walks daily
drug use: recreational drugs, street drugs, illicit drugs
""")

CONCEPTS: Final[Mapping[Kind, Mapping[str, tuple[str, ...]]]] = {
    "problem": PROBLEMS, "drug": DRUGS, "measure": MEASURES, "order": ORDERS, "allergy": ALLERGENS, "habit": HABITS,
}  # fmt: skip
