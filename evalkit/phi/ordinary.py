"""Names that are also ordinary words: seen alone, such a token proves nothing about a person.

A name token is *canary-grade* when it has at least `CANARY_LETTERS` letters and is not in `ORDINARY`: then one
sighting of it in an output is a leak. Other tokens need company (a second part of the name, a title). Of those that are
canary-grade the `COMMONEST` have to stand as a name does (`needles`), for texts name others of that name. The lists are
our own: eponyms of medicine, months, drugs and makers, places, and English words that serve as names in the US.
"""

from __future__ import annotations

CANARY_LETTERS = 5

_EPONYMS = """
adams addison adson alport alzheimer andrews apgar argyll arnold babinski baker ballard bankart barlow barrett
bartholin barton bates beck becker bell bennett berger bernard bishop blumberg bobby bolton bowen bowman braun brock
brown bruce brudzinski burch burkitt burton caldwell campbell carroll chandler charcot cheyne child chvostek clark
cobb cochran cohen coleman colles collins conn conrad cooley coombs cooper crohn cullen cushing dandy davidson davis
dawson denis denver dix doppler down duchenne duncan dupont dupuytren eaton edwards ehlers eisenmenger ellis erb estes
ewing fallot fanconi felty fisher fitz fitzgerald fletcher foley forbes fowler fox freeman friedman fritz froment
frost fuchs galen garner gaucher gehrig gerstmann gibbs gilbert glasgow gleason goodman goodpasture gordon gould gower
graham gram graves grey griffith guillain haglund hailey hamilton hancock hansen harrington harris harrison hartman
hartmann hashimoto hawkins heberden henderson henoch hernandez hickman hicks higgins hill hirschsprung hodge hodgkin
hoffman holmes holter homans hopkins horner horton howell huber hughes hunt hunter huntington hurler hutchinson irwin
jackson jacob jacobs jacobson jakob jefferson jobst johns johnson jones kaposi karnofsky kaufman kawasaki kegel keller
kelly kennedy kerley kernig klein kline knapp kocher koebner korsakoff krause kuntz kussmaul lachman lambert
langerhans larsen lasegue leriche lewis lewy lhermitte lisfranc lister little lloyd louis ludwig lyme lynch lyons
maddox mallory mantoux marfan marie marsh mayer mayo mcarthur mcburney mccarthy mccune mcgill mcmurray meckel meniere
meyer meyers miller mitchell monteggia montgomery moore morgan morris morrison morton moses mueller muller munro
murphy murray myers neer nelson newton nissen norton ober ogilvie osborn osborne osgood osler paget palmer pancoast
parkinson parsons patrick patterson pearson perkins perthes peter peutz peyronie phalen phelps phillips pick plummer
poland pompe pott potter powell prader pratt prinzmetal quincke ramsay ramsey ranson raynaud reed reiter reye reynolds
richards richter riley rinne ritter robert roberts robertson robinson rogers romberg rorschach roth rovsing rye salter
sanders schilling schirmer schneider schober schultz schwartz sharp shepherd shy simmonds simmons simpson singleton
sjogren skinner sloan smith snellen spencer spurling stark stein stevens stewart stickler still stokes sutton swan
swanson sydenham tanner taylor terry thomas thompson tinel todd tourette townsend trendelenburg turner tzanck valsalva
vincent virchow vogt wagner waldenstrom walker wallenberg waller warner waters watson weber webster wegener weil weiss
wells werner wernicke whipple white willebrand williams willis wilms wilson winters wolfe wolff wood woodward wright
yates yergason zenker zimmerman zollinger
"""

_MONTHS_AND_DRUGS = """
abbott aleve alexa allegra amber ambien angelica april aspirin ativan august avandia baxter bayer belladonna boniva
cassia celexa chantix cherry cialis crestor cymbalta december diovan effexor elavil eliquis enbrel evista february
flonase forteo friday humira jantoven january januvia july june kariva keppra lasix levitra lexapro lilly lipitor
lyrica march marisa may merck mirena monday motrin nexium norvasc novartis november october orencia paxil pfizer
plavix prozac remicade rosemary sandoz saturday seasonique senna september serrano singulair stelara sunday synthroid
tamara tarka thursday tiffany trelstar tuesday valeria valium valtrex viagra viola vivelle wednesday wellbutrin xanax
xarelto yasmin yaz zantac ziana zithromax zocor zoloft zyrtec
"""

_PLACES = """
alexandria antonio arlington asia austin barbara boston bradford bristol brooklyn burbank calhoun camden carolina
charleston charlotte chelsea chester cheyenne china cleveland clinton cordova cuba dakota dallas davenport denver
diego dover durham england essex eugene fernando florence florida francisco georgia greenwich hampton holland houston
hudson india ireland israel italy jersey jordan kent kingston lancaster laredo lexington lima lincoln london madison
medina memphis mexico milan molina monica montana monterey montoya orlando oxford paris peru phoenix quebec regina
richmond rochester roman salas salem salinas santiago savannah scotland sherman sierra spain stafford sydney syracuse
trenton troy turkey valencia verona victoria vienna virginia wales warren washington wayne windsor winston york zamora
"""

_WORDS = """
abilene alder allen alpha angel archer armstrong arrow ashe autumn banks barber barker barley barnes baron barron
beard beasley beaver bender bentley berry beta beverly bird black blair blanchard blank block bloom blue bond bonnie
bono booker boone booth bowers bowling boyer branch brandy brave bridge bridges briggs bright brook brooke brooks
brother browning buck buckley bullock burke burns bush butcher butler cage calder candy cannon canon carey carol
carpenter carrier carson carter case cash cassidy castle cedar chad chambers chance chang chapel chapman chase
cherokee christian christie christy chung church clay clement clements cline cody coffey coke colby cole collar collie
collier colon combs compton conner conway cook copeland coral corey cotton counts court coward cox craig crane crosby
cross crow cruz crystal curie curry curtis daily daisy dale dalton daniels darling daughter dawn day dean decker dell
delta destiny diamond dickens doctor dolan dolly dominique downs drake drew driver dudley duke dustin early ebony edge
edison ember emerald everett fair faith farley farmer father faulkner faye felix fermi ferry field fields finch finley
flagg fleming flint flora flores flowers floyd flynn foot ford forest forrest foster frances franco frank frazier
french fuller gabriel gaines gale gallegos gallon gamble gamma garden gardner garland garrett garrison gates gentry
gibbons gibson giles ginger given gladys glen glenn glover gold golden good goodwin grace grant gray green greene
greer griffin grimes gross grove guardian guerra guy hale hall ham hammer hammond hand hardin harding hardy harlem
harmon harmony harper hart harvey hatch hatfield hawk hawthorne hay hayes haynes head heart heath heather hector
hensley herbert herman hero herring hertz hester hinton hodges hogan holden holder holley holloway holly holt honey
hood hook hooper hoover hope horn horne house howe hubbard huff humphrey hurley hurst husband ingram iris ivory ivy
jack jade jaime jarvis jasmine jasper jay jenner jesus jewel joule joy joyce judge julian justice kaiser karma kelsey
kelvin kerry key kidd king kirby kitty knight knowles knox lacey lake lamb lance landau landry lane lansing large
larry last laurel law lawrence lawson leach leaf leblanc lee leon lester levy lily lindsay link livingston logan long
lopes lord love lowe lowery lozano lucky luna madam madden magnolia malone mann manning many march marco margarita
mario marks mars marsha marshall martini mason massey mathews mathis max maxwell mays mcgee mead melody mendel mercado
mercedes mercer mercury mercy merlin merritt middleton miles mills milton mint mister misty mohr molly money monroe
monte montes moody moon mooney moran morrow morse mosley moss mother moyer mullen mullins nash nichols nicholson nick
nielsen nightingale nixon nobel noble nolan norma norman norris novak nurse oak oakes ohm olive oliver olivia omega
opal orozco oscar owen owens pace padilla page paige parent park parker parrish pascal pasteur patience patient patton
patty payne peace pearl peck peggy penn pennington penny percy perry peters petersen petty pierce pike pitt pittman
pitts plant pluto poe pollard ponce pool poole pope porter post potts powers prayer presley preston price prince
proctor pruitt queen quick quinn rains randolph randy raven ray read reading reagan reese reeves reid reilly rey
rhodes rice rich richmond riddle riggs river rivers roach robe robin robles rocco rocha rock rocky rod roland rollins
romero rosales rosario rose rosen row rowe rowland ruby rush russ russell russo rust sadler sage sahara salk sally
sampson sandoval sands sandy sanford santos sargent saturn savage sawyer saylor schmitt scot scott sears self sellers
serenity sexton shaffer shane shaw shea shelby sheldon shell shepard sheppard shields shirley short sigma silva silver
simon sister sky skye slater small smart snow south sparks spears spence spouse spring stacks stanford stanley stanton
star steele stephens sterling stone stout strickland strong stuart summer summers sun sweeney sweet tabor talbot tara
temple terrell tesla theta thorn thornton titus tobias toledo tower travis trent trinity tucker tyler uncle underwood
upton valentine vance vaughan vaughn vega venus victor victory villa violet volta wade waite wall wallace walls walsh
walter walters walton ward ware watt watts weaver webb week weeks welch wendy wesley west wheat wheeler whitehead wife
wilcox wilder wiley willow winchester wing winter wise wolf woodard woods worth wren young zion
"""

ORDINARY: frozenset[str] = frozenset(
    word for block in (_EPONYMS, _MONTHS_AND_DRUGS, _PLACES, _WORDS) for word in block.split()
)
"""Lower-case ASCII tokens that are no proof alone."""


_FIRST_NAMES = """
aaron abigail adrian alan albert alejandro alexander alexandra alexis alice alicia alison allison alyssa amanda amelia
andre andrea andrew angela angie anita annette anthony antonio april arthur ashley aubrey audrey barbara beatrice
belinda benjamin bernice bethany betty beverly billy bobby bonnie bradley brandi brandon brenda brendan brett brian
bridget brittany bruce bryan caitlin caleb calvin cameron carla carlos carmen caroline carolyn carrie casey catherine
cathy cecilia charlene charles charlie charlotte chelsea cheryl chloe chris christian christina christine christopher
cindy claire clara clarence claudia clayton clifford clyde colleen connie connor constance corey courtney craig
cristina crystal curtis cynthia daisy daniel danielle danny darlene darrell darren david deanna debbie deborah debra
denise dennis derek desiree diana diane dolores donald donna doris dorothy douglas duane dwayne dylan eddie edgar
edith eduardo edward edwin eileen elaine eleanor elena elizabeth ellen elsie emily emma erica erika ernest esther ethan
eugene evelyn felicia fernando florence frances francis francisco frank franklin frederick gabriel gabriela gabrielle
gavin geoffrey george gerald geraldine gilbert glenda gloria gordon gregory gwendolyn hailey hannah harold harry heidi
helen henry herbert hillary holly howard isaac isabel isabella jackie jackson jacob jacqueline jaime james jamie janet
janice jared jasmine jason javier jeanette jeanne jeffery jeffrey jenna jennifer jenny jeremiah jeremy jerome jerry
jesse jessica jesus jillian jimmy joann joanna joanne jocelyn johnny jonathan jordan jorge joseph joshua joyce juanita
judith julia julian julie justin kaitlyn karen karina karla katelyn katherine kathleen kathryn kathy katie katrina
kayla keith kelly kelsey kendra kenneth kerry kevin kimberly krista kristen kristin kristina kristine krystal kyle
larry latoya laura lauren laurie lawrence leah leonard leslie lillian linda lindsay lindsey lisa logan loretta lorraine
louis louise lucas luis lydia lynn mackenzie madeline madison marcia marco marcus margaret maria mariah marian marie
marilyn mario marissa marjorie marlene martha martin marvin matthew maureen maurice maxwell megan meghan melanie melinda
melissa melody mercedes meredith michael micheal michele michelle miguel mindy miranda miriam misty molly monica monique
morgan nancy naomi natalie natasha nathan nathaniel nichole nicholas nicolas nicole olivia oscar pamela patricia patrick
paula pauline peggy peter philip phillip phyllis preston priscilla rachael rachel ralph ramon randall randy raquel
raymond rebecca regina renee ricardo richard rickie ricky robert roberta roberto robin rodney roger ronald ronnie
rosemary roxanne russell sabrina samantha samuel sandra savannah scott sergio shannon sharon shaun shawn sheena sheila
shelby shelia shelly sheri sherri sherry shirley sierra sonia sonya sophia spencer stacey stacy stanley stefanie
stephanie stephen steve steven stuart summer susan suzanne sydney sylvia tabitha tamara tammy tanya teresa terrance
terri terry theodore theresa thomas tiffany timothy tonya tracey traci tracy travis trevor tristan troy tyler valerie
vanessa vernon veronica vicki vickie victor victoria vincent virginia vivian walter wanda warren wayne wendy wesley
whitney william willie yolanda yvette yvonne zachary
"""

_LAST_NAMES = """
acosta adams aguilar aguirre alexander allen alvarado alvarez anderson andrews armstrong arnold arroyo austin avila
ayala bailey baker baldwin ballard banks barnes barrett barton bates becker bell beltran benitez bennett benson berry
bishop black blair bowen boyd bradley brewer brooks brown bryant burgess burke burns burton bush butler byrd cabrera
caldwell calderon camacho campbell campos cannon cardenas carlson carpenter carr carrillo carroll carter castaneda
castillo castro cervantes chambers chandler chapman chavez christensen clark clarke cobb cohen cole coleman collins
contreras cooper cordova corona correa cortes cortez craig crawford cross cruz cummings cunningham curtis daniels
davidson
davis dawson delacruz delarosa deleon delgado dennis diaz dixon dominguez douglas doyle duarte duncan dunn duran edwards
elliott ellis erickson escobar espinosa espinoza estrada evans farmer ferguson fernandez figueroa fields fisher
fitzgerald fleming fletcher flores ford foster fowler francis franklin frazier freeman fuentes fuller galvan
garcia gardner garner garrett garza george gibson gilbert gomez gonzales gonzalez goodman goodwin gordon graham grant
graves green greene griffin griffith guerra guerrero gutierrez guzman hamilton hampton hansen hanson hardy harmon harper
harrington harris harrison hart harvey hawkins hayes haynes henderson henry hernandez herrera herring hicks higgins
hoffman holland holmes hopkins horton howard howell hubbard hudson huerta hughes hunter ibarra ingram jackson jacobs
james jenkins jennings jensen jimenez johnson johnston jones jordan joseph juarez keller kelley kelly kennedy klein
knight lambert lawrence lawson leonard lewis lindsey little logan lopez lowe lucas lucero lujan luna lynch macias
maldonado malone mann manning marquez marsh marshall martin martinez mason matthews maxwell mcbride mccarthy mccormick
mccoy mcdaniel mcdonald mcgee mcguire mckenzie mckinney medina mejia melendez mendez mendoza mercado meyer miles miller
mills miranda mitchell molina montes montgomery montoya moore morales moran moreno morgan morris morrison moss mueller
mullins munoz murillo murphy murray myers navarro nelson newman newton nguyen nichols nicholson norris nunez obrien
ochoa oliver olson orozco ortega ortiz owens pacheco padilla palmer parker parks parsons patel patterson patton payne
pearson perez perkins perry peters petersen peterson phillips pierce pineda porter potter powell powers pratt price
quinn quintero ramirez ramos ramsey reeves reyes reynolds rhodes richards richardson riley rios rivas rivera robbins
roberts robertson robinson robles rocha rodgers rodriguez rogers rojas roman romero rosales rosario ross rowe ruiz
russell ryan salazar salinas sanchez sanders sandoval santana santiago santos saunders savage schmidt schneider
schroeder
schultz schwartz serrano shaffer shaw shelton sherman simmons simpson sims singh smith snyder solis soto spencer stanley
stephens stevens stevenson stewart stokes stone strickland suarez sullivan summers sutton swanson tapia taylor thomas
thompson thornton torres townsend tran trejo trevino trujillo tucker turner tyler valdez valencia valentine valenzuela
vargas vasquez vaughn vazquez velasquez velez villa villarreal wagner walker wallace walsh walters walton ward warner
warren washington waters watkins watson watts weaver webb weber webster wells wheeler white williams williamson willis
wilson wolfe woods wright young zamora zavala zimmerman zuniga
"""

COMMONEST: frozenset[str] = (
    frozenset(name for block in (_FIRST_NAMES, _LAST_NAMES) for name in block.split() if len(name) >= CANARY_LETTERS)
    - ORDINARY
)
"""Lower-case names that so many people in the US bear that somebody else of the name may be meant."""


def proves_alone(token: str) -> bool:
    """Whether a token, wherever it stands, proves a leak: canary-grade, and not one of the commonest names."""
    return canary_grade(token) and token.casefold() not in COMMONEST


def canary_grade(token: str) -> bool:
    """Whether a token (letters, any case, accents already folded) is nothing but a name, and long enough to be seen."""
    folded = token.casefold()
    return len(folded) >= CANARY_LETTERS and folded.isalpha() and folded not in ORDINARY
