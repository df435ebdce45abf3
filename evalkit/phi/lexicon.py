"""Words by which a capitalised word is taken for a name, or kept from being taken for one.

Our own lists, small on purpose: common given names of the US, and the guard: words that stand with a capital in
clinical notes without naming anybody. `ordinary` holds the names that are words, drugs and eponyms; they count in
company only.
"""

from __future__ import annotations

from evalkit.phi.ordinary import ORDINARY

_GIVEN = """
aaron abigail adam adrian aidan alan albert alejandro alex alexander alexis alice alicia alison alyssa amanda amelia
amy ana andrea andrew angela anita ann anna anne annie anthony antonio arthur ashley audrey barbara beatrice benjamin
bernice bertha beth betty bill billy bob brandon brenda brian brittany bruce bryan caleb cameron carla carlos carmen
caroline carrie catherine cathy charles charlotte cheryl chloe chris christina christine christopher cindy claire
clara connie craig crystal curtis cynthia dana daniel danielle darlene david deborah debra denise dennis diana diane
diego donald donna doris dorothy douglas dylan edith eduardo edward edwin eileen elaine elena eleanor eli elizabeth
ella ellen elsie emily emma enrique eric erica erin ernest esther ethan eugene eva evan evelyn fernando fiona francis
francisco frank fred gabriela gail gary george gerald geraldine gloria gordon greg gregory gwendolyn hannah harold
harry hazel heather hector helen henry howard ian ida irene isaac isabel isabella isaiah jack jackie jacob jacqueline
jaime jake james jamie jane janet janice jared jason javier jean jeff jeffrey jenna jennifer jeremy jerry jesse
jessica jill jim jimmy joan joann joe joel john johnny jonathan jorge jose joseph joshua joyce juan juanita judith
judy julia julie justin karen karl katherine kathleen kathryn kathy katie kayla keith kelly kenneth kevin kim kimberly
kirk kristen kristin kyle larry laura lauren laurie leah leo leonard leslie lillian linda lisa logan lois lori louis
louise lucas lucia lucille lucy luis luke lydia lynn madeline manuel marcia marcus margaret maria marie marilyn
marisol marjorie mario mark marlene martha martin marvin mary mateo matthew maureen megan melanie melinda melissa
michael michele michelle miguel mike mildred mohammed molly monica nancy natalie nathan nicholas nicole nina noah nora
norma olivia oscar pamela patricia patrick paul paula pauline pedro peggy peter philip phyllis rachel ralph ramon
raymond rebecca regina renee ricardo richard rita robert roberta roberto robin rodney roger ronald rosa roxanne roy
russell ruth ryan sabrina sally samantha samuel sandra sara sarah scott sean sergio shannon sharon sheila shirley
sofia sophia stacey stanley stephanie stephen steve steven stuart sue susan suzanne sylvia tammy tanya teresa terry
theodore theresa thomas timothy tina todd tom tony tracy tyler valerie vanessa vernon veronica victor victoria vincent
virginia vivian walter wanda wayne wendy wesley william willie xavier yolanda yvonne zachary zoe
"""

_CLINICAL = """
abdomen abdominal able acetaminophen activity acute address admission adult after age albuterol allergies allergy
alert all also amoxicillin an and ankle antibiotic any apt arm arthritis aspirin assessment associated asthma at
atorvastatin avenue back bilateral blood board bone both breath bp brain breast bypass call cardiac cardiology
cardiovascular carotid case cell center chart chest chief chronic clear clinic clinical cold college complaint
complete condition consult consent continue copd coronary cough counts course ct current daily date day denies
department dermatology diabetes diagnosis diet digoxin dr discharge discussed disease division dob doctor dose drive
due during ear ecg echo edema ekg elevated emergency employer encounter endocrine er evaluation exam examination
exercise extremities eye eyes failure family fax female fever findings follow followup for fracture from furosemide
gabapentin gastrointestinal general genitourinary gi given glucose gu has have he head health heart heent hematology
hemoglobin hepatitis her hip his history home hospital hpi hypertension i ibuprofen icu id if imaging immediate
impression in inc index infection information instructions insulin insurance internal interval intravenous iv kidney
knee lab labs left leg level lisinopril liver llc location low lower ltd lumbar lung lungs male married md mechanism
medical medicare medicaid medication medications medicine member mental metformin mg michigan mild mother miss mr mri
mrn mrs ms mx muscle musculoskeletal nausea na neck negative neuro neurologic neurological neurology new no normal
note notes now number nurse nursing obesity objective of office on once oncology one or oral order orthopedic other
our oxygen pa pain past patient penicillin per pharmacy phone physical physician plan please pneumonia positive
posterior potassium pressure primary prior procedure prof provider psychiatric psychiatry pulmonary pulse radiology
range rate reason recommend record ref reflex refer referral regular rehab release renal repeat report resp
respiratory results return review right risk road room route rx sample school screening secondary see seizure series
service she shoulder skin sleep social soft some spine spouse ssn start state status street stress stroke subjective
suite summary surgery surgical symptoms system tablet take temperature test testing that the then there therapy these
they this thoracic throat thyroid tissue to today toe total transfer trauma treatment tylenol type ultrasound unit
united university upper urgent urine urology us use vaccine valve vascular vein view views vision visit vital vitals
vitamin ward we weight well when white will with wound wrist wt x-ray year yes you your zip english spanish american
african hispanic caucasian asian european covid influenza dna rna hiv hcv monday tuesday wednesday thursday friday
saturday sunday january february march april may june july august september october november december
"""

_HEADINGS = """
additional agreement agreements agreed arrangement arrangements attending body club comorbidities complications
considerations consultation counseling created deferred derived developmental drug drugs dictated education employment
environmental equipment estimated existing extra face functional genetic gross gy hand hct health hg hgb iga igg
illness impressions increase initiate labor likelihood living marital mouth nose occupational operative palpation past
personal planned plans prescription preventive procedures prognosis protein proximal reasoning recommendations
recreational referrals relevant plt reviewed rheumatology risks spo scale score sexual sir social specialist stable
stage standard status strength substance support supportive surroundings symptom tobacco tolerance topical travel
vaccination vaccinations western
"""

_COMMON = """
a about above actually again almost already always another anyone anything are as ask away bad be because been before
being best better big bring but by came can cannot come could dear did do does doing don't done down each either else
enough even ever every everything feel few find first get go going good got great had happy hello help here hey hi him
how however i'd i'll i'm i've into is it it's its just keep know last later least let let's like little long look lot
made make many maybe me mean might more most much must my need never next nice nobody none not nothing oh ok okay old
only our ourselves out over own people perhaps put quite rather really said same say says seems send she's should
since so something sometimes soon sorry still such sure tell than thank thanks their them themselves there's they're
thing think those though thought through time together too tried try under until up upon very wait want was way we'll
we're we've went were what what's when's where where's which while who who's whole why within without won't would
write yeah yep yet you'd you'll you're you've yourself
"""

GIVEN_NAMES: frozenset[str] = frozenset(_GIVEN.split())
"""Lower-case given names."""

GUARD: frozenset[str] = frozenset((*_CLINICAL.split(), *_HEADINGS.split(), *_COMMON.split())) | (ORDINARY - GIVEN_NAMES)
"""Lower-case words that are no name for being capitalised."""
